import { MOST_DEPTH, TAG, TYPED_ARRAYS, type ValueInput } from './value-tags.ts'

/** Reads a value `encodeValue` wrote. @throws EventfluxError `CHECKPOINT_INVALID` */
export function decodeValue(reader: ValueInput, depth = 0): unknown {
  const tag = reader.u8()
  switch (tag) {
    case TAG.undefined:
      return undefined
    case TAG.null:
      return null
    case TAG.false:
      return false
    case TAG.true:
      return true
    case TAG.number:
      return reader.f64()
    case TAG.text:
      return reader.text()
    case TAG.bigint:
      return decodeBigint(reader)
    default:
      if (depth === MOST_DEPTH) reader.refuse(`values ${MOST_DEPTH} deep in values`)
      return decodeObject(reader, tag, depth)
  }
}

function decodeBigint(reader: ValueInput): bigint {
  const text = reader.text()
  if (!/^-?[0-9a-f]+$/.test(text)) reader.refuse('a bigint is not hexadecimal')
  return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`)
}

function decodeObject(reader: ValueInput, tag: number, depth: number): object {
  switch (tag) {
    case TAG.map: {
      const map = new Map<unknown, unknown>()
      for (let left = reader.count(2); left > 0; left--) {
        const key = decodeValue(reader, depth + 1)
        map.set(key, decodeValue(reader, depth + 1))
      }
      return map
    }
    case TAG.set: {
      const set = new Set<unknown>()
      for (let left = reader.count(1); left > 0; left--) set.add(decodeValue(reader, depth + 1))
      return set
    }
    case TAG.array: {
      const values: unknown[] = []
      for (let left = reader.count(1); left > 0; left--) values.push(decodeValue(reader, depth + 1))
      return values
    }
    case TAG.date:
      return new Date(reader.f64())
    case TAG.arrayBuffer:
      return reader.block().slice().buffer
    case TAG.typedArray:
      return decodeView(reader)
    case TAG.object:
      return decodeFields(reader, {}, depth)
    case TAG.bareObject:
      return decodeFields(reader, Object.create(null) as object, depth)
    default:
      return reader.refuse(`${tag} marks no kind of value`)
  }
}

function decodeView(reader: ValueInput): object {
  const kind = TYPED_ARRAYS[reader.u8()]
  if (kind === undefined) return reader.refuse('an unknown kind of typed array')
  const bytes = reader.block()
  if (bytes.length % kind.BYTES_PER_ELEMENT !== 0) reader.refuse('a typed array of no whole number of elements')
  return new kind(bytes.slice().buffer)
}

/** Fields are defined, not set: `__proto__` is a name like any other. */
function decodeFields(reader: ValueInput, object: object, depth: number): object {
  for (let left = reader.count(6); left > 0; left--) {
    const name = reader.text()
    const value = decodeValue(reader, depth + 1)
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
  }
  return object
}
