import { checkpointUnsupported, show } from '../errors.ts'
import { MOST_DEPTH, TAG, TYPED_ARRAYS, type ValueOutput } from './value-tags.ts'

/** Writes a value as `decodeValue` takes it back. @throws EventfluxError `CHECKPOINT_UNSUPPORTED` */
export function encodeValue(writer: ValueOutput, value: unknown, depth = 0): void {
  switch (typeof value) {
    case 'undefined':
      writer.u8(TAG.undefined)
      return
    case 'boolean':
      writer.u8(value ? TAG.true : TAG.false)
      return
    case 'number':
      writer.u8(TAG.number)
      writer.f64(value)
      return
    case 'string':
      writer.u8(TAG.text)
      writer.text(value)
      return
    case 'bigint':
      writer.u8(TAG.bigint)
      writer.text(value.toString(16))
      return
    case 'object':
      if (value === null) writer.u8(TAG.null)
      else encodeObject(writer, value, depth)
      return
    default:
      throw unsupported(value)
  }
}

function encodeObject(writer: ValueOutput, value: object, depth: number): void {
  if (depth === MOST_DEPTH)
    throw checkpointUnsupported(`a state has values ${MOST_DEPTH} deep in values, or one that is part of itself`)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Array.prototype) encodeArray(writer, value as unknown[], depth)
  else if (prototype === Map.prototype) {
    const map = value as Map<unknown, unknown>
    writer.u8(TAG.map)
    writer.u32(map.size)
    for (const [key, each] of map) {
      encodeValue(writer, key, depth + 1)
      encodeValue(writer, each, depth + 1)
    }
  } else if (prototype === Set.prototype) {
    const set = value as Set<unknown>
    writer.u8(TAG.set)
    writer.u32(set.size)
    for (const each of set) encodeValue(writer, each, depth + 1)
  } else if (prototype === Date.prototype) {
    writer.u8(TAG.date)
    writer.f64((value as Date).getTime())
  } else if (prototype === ArrayBuffer.prototype) {
    writer.u8(TAG.arrayBuffer)
    writer.block(new Uint8Array(value as ArrayBuffer))
  } else if (ArrayBuffer.isView(value)) encodeView(writer, value)
  else if (prototype === Object.prototype || prototype === null) encodeFields(writer, value, prototype === null, depth)
  else throw unsupported(value)
}

function encodeArray(writer: ValueOutput, values: readonly unknown[], depth: number): void {
  writer.u8(TAG.array)
  writer.u32(values.length)
  for (let i = 0; i < values.length; i++) encodeValue(writer, values[i], depth + 1)
}

function encodeView(writer: ValueOutput, view: ArrayBufferView): void {
  const kind = TYPED_ARRAYS.findIndex(({ prototype }) => prototype === Object.getPrototypeOf(view))
  if (kind < 0) throw unsupported(view)
  writer.u8(TAG.typedArray)
  writer.u8(kind)
  writer.block(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
}

function encodeFields(writer: ValueOutput, value: object, isBare: boolean, depth: number): void {
  if (Object.getOwnPropertySymbols(value).length > 0) throw unsupported(value)
  const entries = Object.entries(value)
  writer.u8(isBare ? TAG.bareObject : TAG.object)
  writer.u32(entries.length)
  for (const [name, each] of entries) {
    writer.text(name)
    encodeValue(writer, each, depth + 1)
  }
}

function unsupported(value: unknown): Error {
  const name = typeof value === 'object' && value !== null ? value.constructor?.name : undefined
  return checkpointUnsupported(
    `a state can't hold ${name ? `a ${name}` : show(value)}: it may hold null, booleans, numbers, strings, bigints, dates, typed arrays, and arrays, plain objects, maps and sets of such`,
    { value },
  )
}
