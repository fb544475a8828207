import { sourceFailed } from '../errors.ts'
import type { ColumnBlock, ColumnValues, MaskedValues } from '../memory/column-input.ts'
import type { StoredTypeName } from '../schema/data-type.ts'
import type { Schema } from '../schema/schema.ts'
import type { ColumnData } from './column-data.ts'
import { Type } from './column-type.ts'

/** `Precision.HALF`, `DateUnit.DAY`, and the units of timestamps that hold no more than milliseconds. */
const HALF = 0
const DAY = 0
const SECOND = 0
const MILLISECOND = 1
const MICROSECOND = 2

/**
 * The columns of a record batch that a schema asks for. Numbers are the arrays of the batch themselves; times are
 * converted, text is decoded, and of dictionaries the codes are taken as they are.
 *
 * @param columns Those of the batch, by name.
 * @throws EventfluxError `SOURCE_FAILED` for a column that is missing, or of a type the schema can't take.
 */
export function columnBlock(
  columns: { readonly names: readonly string[]; get(name: string): ColumnData | undefined },
  schema: Schema,
  at: string,
): ColumnBlock {
  const block: Record<string, ColumnValues | MaskedValues> = {}
  for (const { name, type } of schema.fields) {
    const data = columns.get(name)
    if (data === undefined) {
      if (type.isNullable) continue
      throw sourceFailed(`source "${at}" has no column "${name}"; it has ${columns.names.join(', ')}`, { at: name })
    }
    const values = valuesOf(data, type.name as StoredTypeName)
    if (values === undefined) {
      throw sourceFailed(`column "${name}" of source "${at}" is ${data.typeName}, which can't be ${type.name}`, {
        at: name,
      })
    }
    block[name] = data.nullCount === 0 ? values : { values, valid: validityOf(data) }
  }
  return block
}

function valuesOf(data: ColumnData, type: StoredTypeName): ColumnValues | undefined {
  const { typeId, bitWidth, precision } = data.type
  switch (type) {
    case 'timestamp':
      return timesOf(data)
    case 'utf8':
      return textOf(data)
    case 'bool':
      return typeId === Type.Bool ? bitsOf(data) : undefined
    case 'i64':
      return typeId === Type.Int && bitWidth === 64 ? numbersOf(data) : undefined
    default:
      if (typeId === Type.Int) return bitWidth === 64 ? undefined : numbersOf(data)
      // Half floats stand in memory as integers.
      return typeId === Type.Float && precision !== HALF ? numbersOf(data) : undefined
  }
}

/** The values of a column: builders leave room behind them. */
const numbersOf = ({ values, length }: ColumnData): Float64Array => values.subarray(0, length)

/** Times of every unit as milliseconds. */
function timesOf(data: ColumnData): ColumnValues | undefined {
  const { typeId, bitWidth, unit } = data.type
  if (typeId === Type.Float || (typeId === Type.Int && bitWidth !== 64)) return numbersOf(data)
  if (typeId === Type.Date) return unit === DAY ? scaled(data, day => day * 86_400_000) : scaled(data, ms => ms)
  if (typeId === Type.Int) return scaled(data, ms => ms)
  if (typeId !== Type.Timestamp) return undefined
  switch (unit) {
    case SECOND:
      return scaled(data, seconds => seconds * 1000)
    case MILLISECOND:
      return scaled(data, ms => ms)
    case MICROSECOND:
      return scaledDown(data, 1_000n)
    default:
      return scaledDown(data, 1_000_000n)
  }
}

function scaled({ values, length }: ColumnData, scale: (value: number) => number): Float64Array {
  return Float64Array.from({ length }, (_, i) => scale(Number(values[i])))
}

/** Rounds towards the past, before 1970 too. */
function scaledDown({ values, length }: ColumnData, units: bigint): Float64Array {
  return Float64Array.from({ length }, (_, i) => {
    const value = BigInt(values[i]!)
    const rest = ((value % units) + units) % units
    return Number((value - rest) / units)
  })
}

function bitsOf({ values, offset, length }: ColumnData): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (values[(offset + i) >> 3]! >> ((offset + i) & 7)) & 1)
}

/** The strings of dictionaries, decoded once. */
const dictionaries = new WeakMap<object, readonly string[]>()

const isText = ({ typeId }: { readonly typeId: number }): boolean =>
  typeId === Type.Utf8 || typeId === Type.LargeUtf8 || typeId === Type.Utf8View

const stringsOf = (texts: Iterable<unknown>): string[] => Array.from(texts, text => text ?? '') as string[]

function textOf(data: ColumnData): ColumnValues | undefined {
  if (isText(data.type)) return stringsOf(data.texts())
  const { dictionary, values } = data
  if (data.type.typeId !== Type.Dictionary || !dictionary || !isText(dictionary.type)) return undefined
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return undefined
  let texts = dictionaries.get(dictionary)
  if (texts === undefined) {
    texts = stringsOf(dictionary)
    dictionaries.set(dictionary, texts)
  }
  return { codes: values.subarray(0, data.length) as Int32Array, dictionary: texts }
}

/** The bitmap from the first row on: a slice of a column may begin in the middle of a byte. */
function validityOf({ nullBitmap, offset, length }: ColumnData): Uint8Array {
  if ((offset & 7) === 0) return nullBitmap.subarray(offset >> 3, (offset + length + 7) >> 3)
  const valid = new Uint8Array((length + 7) >> 3)
  for (let i = 0; i < length; i++) {
    const at = offset + i
    valid[i >> 3]! |= ((nullBitmap[at >> 3]! >> (at & 7)) & 1) << (i & 7)
  }
  return valid
}
