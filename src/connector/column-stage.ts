import type { TypeName } from '../schema/data-type.ts'
import type { Field, Schema } from '../schema/schema.ts'
import type { ColumnBlock, ColumnValues } from './source.ts'

type Buffer =
  | { readonly type: 'f64' | 'timestamp'; readonly values: Float64Array }
  | { readonly type: 'f32'; readonly values: Float32Array }
  | { readonly type: 'i32'; readonly values: Int32Array }
  | { readonly type: 'u32'; readonly values: Uint32Array }
  | { readonly type: 'i64'; readonly values: BigInt64Array }
  | { readonly type: 'bool'; readonly values: boolean[] }
  | { readonly type: 'utf8'; readonly values: string[] }

/**
 * Where a decoder puts the values of one column until the block is handed over. The row is a position: a broken line
 * leaves its values behind, and the next line writes over them.
 */
export class ColumnStage {
  readonly name: string
  readonly type: TypeName
  readonly isNullable: boolean
  readonly buffer: Buffer
  readonly #isNull: Uint8Array
  #mayHoldNull = false

  constructor(field: Field, capacity: number) {
    this.name = field.name
    this.type = field.type.name
    this.isNullable = field.type.isNullable
    this.buffer = bufferOf(this.type, capacity)
    this.#isNull = new Uint8Array(this.isNullable ? capacity : 0)
  }

  setNull(row: number): void {
    this.#isNull[row] = 1
    this.#mayHoldNull = true
    // No holes: an array with holes is slow for everyone who reads it.
    if (this.buffer.type === 'utf8') this.buffer.values[row] = ''
    else if (this.buffer.type === 'bool') this.buffer.values[row] = false
  }

  /** The first `rows` values, until the next row is written; then the stage starts over. */
  take(rows: number): ColumnValues {
    const { values } = this.buffer
    const taken = Array.isArray(values) ? values.slice(0, rows) : values.subarray(0, rows)
    if (!this.#mayHoldNull) return taken as ColumnValues
    const isNull = this.#isNull
    const withNulls = Array.from(taken as ArrayLike<unknown>, (value, row) => (isNull[row] === 1 ? null : value))
    isNull.fill(0)
    this.#mayHoldNull = false
    return withNulls as ColumnValues
  }

  /** Forgets a null that a broken line left at `row`. */
  clearNull(row: number): void {
    this.#isNull[row] = 0
  }
}

/** The stages of all columns of a schema. */
export function stagesOf(schema: Schema, capacity: number): readonly ColumnStage[] {
  return schema.fields.map(field => new ColumnStage(field, capacity))
}

/** The first `rows` rows of the stages as one block. */
export function takeBlock(stages: readonly ColumnStage[], rows: number): ColumnBlock {
  const block: Record<string, ColumnValues> = Object.create(null)
  for (const stage of stages) block[stage.name] = stage.take(rows)
  return block
}

function bufferOf(type: TypeName, capacity: number): Buffer {
  switch (type) {
    case 'f64':
    case 'timestamp':
      return { type, values: new Float64Array(capacity) }
    case 'f32':
      return { type, values: new Float32Array(capacity) }
    case 'i32':
      return { type, values: new Int32Array(capacity) }
    case 'u32':
      return { type, values: new Uint32Array(capacity) }
    case 'i64':
      return { type, values: new BigInt64Array(capacity) }
    case 'bool':
      return { type, values: [] }
    case 'utf8':
      return { type, values: [] }
  }
}
