import { StateReader } from '../checkpoint/state-reader.ts'
import { StateWriter } from '../checkpoint/state-writer.ts'
import type { CodedStrings, ColumnBlock, ColumnValues, MaskedValues } from '../memory/column-input.ts'
import type { Schema } from '../schema/schema.ts'

/** What the payload of a frame begins with. */
const ROWS = 0
const COLUMNS = 1

/** What was accepted together. */
type Logged =
  | { readonly kind: 'rows'; readonly rows: readonly unknown[] }
  | { readonly kind: 'columns'; readonly block: ColumnBlock }

/** @throws EventfluxError `CHECKPOINT_UNSUPPORTED` for values no state can hold. */
export function encodeRows(rows: readonly unknown[]): Uint8Array {
  const writer = new StateWriter()
  writer.u8(ROWS)
  for (const row of rows) writer.value(row)
  return writer.finish()
}

export function encodeBlock(block: ColumnBlock): Uint8Array {
  const writer = new StateWriter()
  writer.u8(COLUMNS)
  writer.value(Object.fromEntries(Object.entries(block).map(([name, column]) => [name, packed(column)])))
  return writer.finish()
}

/**
 * What a payload of `rows` rows holds, but for the first `without` of them.
 *
 * @throws EventfluxError `CHECKPOINT_INVALID`
 */
export function decodeLogged(payload: Uint8Array, rows: number, without: number, where: string): Logged {
  const reader = new StateReader(payload, where)
  const kind = reader.u8()
  if (kind === ROWS) {
    const values: unknown[] = []
    for (let row = 0; row < rows; row++) {
      const value = reader.value()
      if (row >= without) values.push(value)
    }
    reader.end()
    return { kind: 'rows', rows: values }
  }
  if (kind !== COLUMNS) reader.refuse(`${kind} marks neither rows nor columns`)
  const block = reader.value()
  reader.end()
  if (!isBlock(block) || rowsOf(block) !== rows) return reader.refuse(`these are no columns of ${rows} rows`)
  return { kind: 'columns', block: without === 0 ? block : blockBehind(block, without) }
}

/** The columns of a block that the schema has, all of one length; undefined for what the job would refuse, or ignore. */
export function blockOf(
  block: ColumnBlock,
  schema: Schema | undefined,
): { readonly columns: ColumnBlock; readonly rows: number } | undefined {
  if (!isObject(block)) return undefined
  const names = schema === undefined ? Object.keys(block) : schema.fields.map(({ name }) => name)
  const columns = Object.fromEntries(
    names.flatMap(name => (Object.hasOwn(block, name) && block[name] != null ? [[name, block[name]]] : [])),
  )
  const rows = isBlock(columns) ? rowsOf(columns) : undefined
  return rows ? { columns, rows } : undefined
}

/** The common length of the columns; undefined where they have none. */
function rowsOf(block: ColumnBlock): number | undefined {
  const lengths = new Set(Object.values(block).map(column => lengthOf('valid' in column ? column.values : column)))
  return lengths.size === 1 ? [...lengths][0] : undefined
}

/** A block without its first rows. */
function blockBehind(block: ColumnBlock, rows: number): ColumnBlock {
  const columns = Object.entries(block).map(([name, column]) => {
    if (!('valid' in column)) return [name, valuesBehind(column, rows)] as const
    const values = valuesBehind(column.values, rows)
    const valid = new Uint8Array((lengthOf(values) + 7) >> 3)
    for (let row = 0; row < lengthOf(values); row++) {
      const from = row + rows
      valid[row >> 3]! |= ((column.valid[from >> 3]! >> (from & 7)) & 1) << (row & 7)
    }
    return [name, { values, valid }] as const
  })
  return Object.fromEntries(columns)
}

function valuesBehind(values: ColumnValues, rows: number): ColumnValues {
  return isCoded(values)
    ? { codes: values.codes.slice(rows), dictionary: values.dictionary }
    : (values.slice(rows) as ColumnValues)
}

/** The column with the strings it holds, instead of all that its list has. */
function packed(column: ColumnValues | MaskedValues): ColumnValues | MaskedValues {
  if ('valid' in column) return { values: packed(column.values) as ColumnValues, valid: column.valid }
  if (!isCoded(column)) return column
  const dictionary: string[] = []
  const places = new Map<number, number>()
  const codes = Int32Array.from(column.codes, code => {
    const text = column.dictionary[code]
    if (text === undefined) return code
    const place = places.get(code) ?? dictionary.push(text) - 1
    places.set(code, place)
    return place
  })
  return { codes, dictionary }
}

const isCoded = (values: ColumnValues): values is CodedStrings => 'codes' in values
const lengthOf = (values: ColumnValues): number => (isCoded(values) ? values.codes.length : values.length)

/** Whether a value has the shape of a block. What its columns hold is checked by who takes them in. */
function isBlock(value: unknown): value is ColumnBlock {
  return isObject(value) && Object.values(value).every(column => isValues(isMasked(column) ? column.values : column))
}

const isMasked = (column: unknown): column is MaskedValues =>
  isObject(column) && 'valid' in column && column.valid instanceof Uint8Array

function isValues(values: unknown): values is ColumnValues {
  if (!isObject(values)) return false
  if ('codes' in values) return isArray(values.codes) && 'dictionary' in values && Array.isArray(values.dictionary)
  return isArray(values)
}

const isArray = (value: unknown): boolean =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
