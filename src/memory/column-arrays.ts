import type { StoredTypeName } from '../schema/data-type.ts'

/** The array of each type: what its columns in memory can be seen, copied and lent as. */
export interface ColumnArrayOf {
  readonly f64: Float64Array
  readonly f32: Float32Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly i64: BigInt64Array
  readonly bool: Uint8Array
  readonly timestamp: Float64Array
  /** Positions in a list of texts. */
  readonly utf8: Int32Array
}

/** What makes them. */
export const COLUMN_ARRAYS: {
  readonly [Name in StoredTypeName]: new (
    buffer: ArrayBufferLike,
    at: number,
    rows: number,
  ) => ColumnArrayOf[Name]
} = {
  f64: Float64Array,
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  bool: Uint8Array,
  timestamp: Float64Array,
  utf8: Int32Array,
}
