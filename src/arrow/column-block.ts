import type { Data, RecordBatch } from 'apache-arrow'
import { sourceFailed } from '../errors.ts'
import type { ColumnBlock, ColumnValues, MaskedValues } from '../memory/column-input.ts'
import type { StoredTypeName } from '../schema/data-type.ts'
import type { Schema } from '../schema/schema.ts'
import type { ArrowLibrary } from './arrow-library.ts'

/**
 * The columns of a record batch that a schema asks for. Numbers are the arrays of the batch themselves; times are
 * converted, text is decoded, and of dictionaries the codes are taken as they are.
 *
 * @throws EventfluxError `SOURCE_FAILED` for a column that is missing, or of a type the schema can't take.
 */
export function columnBlock(arrow: ArrowLibrary, batch: RecordBatch, schema: Schema, at: string): ColumnBlock {
  const block: Record<string, ColumnValues | MaskedValues> = {}
  for (const { name, type } of schema.fields) {
    const data = batch.getChild(name)?.data[0]
    if (data === undefined) {
      if (type.isNullable) continue
      const names = batch.schema.fields.map(field => field.name).join(', ')
      throw sourceFailed(`source "${at}" has no column "${name}"; it has ${names}`, { at: name })
    }
    const values = valuesOf(arrow, data, type.name as StoredTypeName)
    if (values === undefined) {
      throw sourceFailed(`column "${name}" of source "${at}" is ${data.type}, which can't be ${type.name}`, {
        at: name,
      })
    }
    block[name] = data.nullCount === 0 ? values : { values, valid: validityOf(data) }
  }
  return block
}

function valuesOf(arrow: ArrowLibrary, data: Data, type: StoredTypeName): ColumnValues | undefined {
  const { DataType } = arrow
  const { type: of } = data
  switch (type) {
    case 'timestamp':
      return timesOf(arrow, data)
    case 'utf8':
      return textOf(arrow, data)
    case 'bool':
      return DataType.isBool(of) ? bitsOf(data) : undefined
    case 'i64':
      return DataType.isInt(of) && of.bitWidth === 64 ? numbersOf(data) : undefined
    default:
      if (DataType.isInt(of)) return of.bitWidth === 64 ? undefined : numbersOf(data)
      // Half floats stand in memory as integers.
      return DataType.isFloat(of) && of.precision !== arrow.Precision.HALF ? numbersOf(data) : undefined
  }
}

/** The values of a column: builders leave room behind them. */
const numbersOf = ({ values, length }: Data): Float64Array => values.subarray(0, length)

/** Times of every unit as milliseconds. */
function timesOf(arrow: ArrowLibrary, data: Data): ColumnValues | undefined {
  const { DataType, TimeUnit, DateUnit } = arrow
  const { type } = data
  if (DataType.isFloat(type) || (DataType.isInt(type) && type.bitWidth < 64)) return numbersOf(data)
  if (DataType.isDate(type)) {
    return type.unit === DateUnit.DAY ? scaled(data, day => day * 86_400_000) : scaled(data, ms => ms)
  }
  if (DataType.isInt(type)) return scaled(data, ms => ms)
  if (!DataType.isTimestamp(type)) return undefined
  switch (type.unit) {
    case TimeUnit.SECOND:
      return scaled(data, seconds => seconds * 1000)
    case TimeUnit.MILLISECOND:
      return scaled(data, ms => ms)
    case TimeUnit.MICROSECOND:
      return scaledDown(data, 1_000n)
    default:
      return scaledDown(data, 1_000_000n)
  }
}

function scaled({ values, length }: Data, scale: (value: number) => number): Float64Array {
  return Float64Array.from({ length }, (_, i) => scale(Number(values[i])))
}

/** Rounds towards the past, before 1970 too. */
function scaledDown({ values, length }: Data, units: bigint): Float64Array {
  return Float64Array.from({ length }, (_, i) => {
    const value = BigInt(values[i]!)
    const rest = ((value % units) + units) % units
    return Number((value - rest) / units)
  })
}

function bitsOf({ values, offset, length }: Data): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (values[(offset + i) >> 3]! >> ((offset + i) & 7)) & 1)
}

/** The strings of dictionaries, decoded once. */
const dictionaries = new WeakMap<object, readonly string[]>()

function textOf(arrow: ArrowLibrary, data: Data): ColumnValues | undefined {
  const { Type, makeVector } = arrow
  const isText = (typeId: number): boolean =>
    typeId === Type.Utf8 || typeId === Type.LargeUtf8 || typeId === Type.Utf8View
  if (isText(data.typeId)) return Array.from(makeVector(data), text => text ?? '') as string[]
  const { dictionary } = data
  if (data.typeId !== Type.Dictionary || !dictionary || !isText(dictionary.type.typeId)) return undefined
  if (data.values instanceof BigInt64Array || data.values instanceof BigUint64Array) return undefined
  let texts = dictionaries.get(dictionary)
  if (texts === undefined) {
    texts = Array.from(dictionary, text => text ?? '') as string[]
    dictionaries.set(dictionary, texts)
  }
  return { codes: data.values.subarray(0, data.length) as Int32Array, dictionary: texts }
}

/** The bitmap from the first row on: a slice of a column may begin in the middle of a byte. */
function validityOf({ nullBitmap, offset, length }: Data): Uint8Array {
  if ((offset & 7) === 0) return nullBitmap.subarray(offset >> 3, (offset + length + 7) >> 3)
  const valid = new Uint8Array((length + 7) >> 3)
  for (let i = 0; i < length; i++) {
    const at = offset + i
    valid[i >> 3]! |= ((nullBitmap[at >> 3]! >> (at & 7)) & 1) << (i & 7)
  }
  return valid
}
