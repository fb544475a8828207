import {
  BUFFER_ADDRESS,
  BUFFER_COUNT,
  ROW_COLUMN_AT,
  ROW_COLUMN_BYTES,
  ROW_COLUMN_FLAG_AT,
  ROW_COLUMN_VALIDITY,
  ROW_COLUMN_VALUES,
  ROW_COLUMN_WIDTH,
  ROW_KEY_BYTES,
  ROW_KEY_COLUMN,
  ROW_KEY_DOWN,
  ROW_KEY_F32,
  ROW_KEY_F64,
  ROW_KEY_I32,
  ROW_KEY_I64,
  ROW_KEY_KIND,
  ROW_KEY_TEXT,
  ROW_KEY_U32,
} from '../../../assembly/abi.ts'
import type { TextOrder } from '../../kernels/top-rows.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { KeptOrder } from '../../plan/lower-window-order.ts'
import { BYTE_WIDTH, type TypeName } from '../../schema/data-type.ts'
import type { InputColumn } from '../evaluator/evaluation-frame.ts'

/** A column of rows that are kept whole. */
interface KeptColumn extends InputColumn {
  /** Where in a row its value stands, and where it says whether there is one; -1: there always is. */
  readonly at: number
  readonly flagAt: number
}

/** How rows are kept whole (abi.ts "row layout"): where each column stands, and which of them rows are ordered by. */
export class KeptRows {
  readonly columns: readonly KeptColumn[]
  readonly rowBytes: number
  readonly #keys: KeptOrder['keys']

  /** @param columns The first columns of batches: those that are carried, then those that are only ordered by. */
  constructor(columns: readonly InputColumn[], keys: KeptOrder['keys']) {
    this.#keys = keys
    const flags = columns.map(({ type }) => (type.isNullable ? 8 : 0))
    let bytes = 0
    const flagAts = flags.map(width => (width === 0 ? -1 : (bytes += width) - width))
    const ats: number[] = []
    for (const width of [8, 4, 1])
      for (const [i, { type }] of columns.entries()) {
        if (BYTE_WIDTH[type.name] !== width) continue
        ats[i] = bytes
        bytes += width
      }
    this.columns = columns.map((column, i) => ({ ...column, at: ats[i]!, flagAt: flagAts[i]! }))
    this.rowBytes = Math.ceil(bytes / 8) * 8
  }

  get keyCount(): number {
    return this.#keys.length
  }

  /** How texts are ordered, where rows go by texts. */
  get texts(): TextOrder | undefined {
    if (this.#keys.every(({ column }) => this.columns[column]!.dictionary === undefined)) return undefined
    return (column, a, b) => {
      const { dictionary } = this.columns[column]!
      return dictionary!.decode(a)! < dictionary!.decode(b)! ? -1 : 1
    }
  }

  /** What a row is made of and ordered by, in words. */
  get signature(): string {
    const types = this.columns.map(({ type }) => `${type.name}${type.isNullable ? '?' : ''}`)
    const order = this.#keys.map(({ column, isDescending }) => `${column} ${isDescending ? 'desc' : 'asc'}`)
    return `${types.join(', ')} by ${order.join(', ')}`
  }

  /** Bytes of the table that says all this to kernels. */
  get tableBytes(): number {
    return this.columns.length * ROW_COLUMN_BYTES + this.#keys.length * ROW_KEY_BYTES
  }

  /** Writes the table. */
  describe(u32: Uint32Array, table: number): void {
    for (const [i, { type, at, flagAt }] of this.columns.entries()) {
      const entry = table + i * ROW_COLUMN_BYTES
      u32[(entry + ROW_COLUMN_WIDTH) >>> 2] = BYTE_WIDTH[type.name]
      u32[(entry + ROW_COLUMN_AT) >>> 2] = at
      u32[(entry + ROW_COLUMN_FLAG_AT) >>> 2] = flagAt
    }
    for (const [k, { column, isDescending }] of this.#keys.entries()) {
      const entry = table + this.columns.length * ROW_COLUMN_BYTES + k * ROW_KEY_BYTES
      const kind = KINDS[this.columns[column]!.type.name]!
      u32[(entry + ROW_KEY_COLUMN) >>> 2] = column
      u32[(entry + ROW_KEY_KIND) >>> 2] = kind + (isDescending ? ROW_KEY_DOWN : 0)
    }
  }

  /** Tells the table where the columns of a batch stand. */
  tell(u32: Uint32Array, table: number, { columns }: RecordBatch): void {
    for (let i = 0; i < this.columns.length; i++) {
      const { values, validity } = columns[i]!
      const entry = table + i * ROW_COLUMN_BYTES
      u32[(entry + ROW_COLUMN_VALUES) >>> 2] = values
      u32[(entry + ROW_COLUMN_VALIDITY) >>> 2] = validity
    }
  }
}

/** Calls `visit` with the address of each row that a field of a record keeps, in their order. */
export function eachKeptRow(
  { u32, f64 }: LinearMemory,
  field: number,
  rowBytes: number,
  visit: (row: number) => void,
): void {
  const first = u32[(field + BUFFER_ADDRESS) >>> 2]!
  const count = f64[(field + BUFFER_COUNT) >>> 3]!
  for (let i = 0; i < count; i++) visit(first + i * rowBytes)
}

/** How values of a type are compared. */
const KINDS: Readonly<Partial<Record<TypeName, number>>> = {
  f64: ROW_KEY_F64,
  timestamp: ROW_KEY_F64,
  f32: ROW_KEY_F32,
  i32: ROW_KEY_I32,
  u32: ROW_KEY_U32,
  i64: ROW_KEY_I64,
  utf8: ROW_KEY_TEXT,
}
