import type { ColumnBlock, ColumnValues, MaskedValues } from '../memory/column-input.ts'
import { type StoredTypeName, storedName } from '../schema/data-type.ts'
import type { Field, Schema } from '../schema/schema.ts'

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
  readonly type: StoredTypeName
  readonly isNullable: boolean
  readonly buffer: Buffer
  /** Bit i of byte i >> 3 is 1 where row i has a value. */
  readonly #valid: Uint8Array
  #mayHoldNull = false

  constructor(field: Field, capacity: number) {
    this.name = field.name
    this.type = storedName(field.type)
    this.isNullable = field.type.isNullable
    this.buffer = bufferOf(this.type, capacity)
    this.#valid = new Uint8Array(this.isNullable ? (capacity + 7) >> 3 : 0).fill(255)
  }

  setNull(row: number): void {
    this.#valid[row >> 3]! &= ~(1 << (row & 7))
    this.#mayHoldNull = true
    // No holes: an array with holes is slow for everyone who reads it.
    if (this.buffer.type === 'utf8') this.buffer.values[row] = ''
    else if (this.buffer.type === 'bool') this.buffer.values[row] = false
  }

  /** Forgets a null that a broken line left at `row`. */
  clearNull(row: number): void {
    this.#valid[row >> 3]! |= 1 << (row & 7)
  }

  /** The first `rows` values, until the next row is written; then the stage starts over. */
  take(rows: number): ColumnValues | MaskedValues {
    const { values } = this.buffer
    const taken = Array.isArray(values) ? values.slice(0, rows) : values.subarray(0, rows)
    if (!this.#mayHoldNull) return taken as ColumnValues
    const valid = this.#valid.slice(0, (rows + 7) >> 3)
    this.#valid.fill(255)
    this.#mayHoldNull = false
    return { values: taken as ColumnValues, valid }
  }
}

/** The stages of all columns of a schema. */
export function stagesOf(schema: Schema, capacity: number): readonly ColumnStage[] {
  return schema.fields.map(field => new ColumnStage(field, capacity))
}

/** The first `rows` rows of the stages as one block. */
export function takeBlock(stages: readonly ColumnStage[], rows: number): ColumnBlock {
  const block: Record<string, ColumnValues | MaskedValues> = Object.create(null)
  for (const stage of stages) block[stage.name] = stage.take(rows)
  return block
}

function bufferOf(type: StoredTypeName, capacity: number): Buffer {
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
