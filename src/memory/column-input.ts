/** Numbers in a row: every typed array of numbers, and plain arrays, where `null` stands for a missing value. */
type NumberValues =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | readonly (number | null | undefined)[]

/** Strings as positions in a list, which must not change but by appending; -1 stands for null. */
export interface CodedStrings {
  readonly codes: Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array | Uint8Array | readonly number[]
  readonly dictionary: readonly string[]
}

/** The values of one column, by its type. */
export type ColumnValues =
  | NumberValues
  | BigInt64Array
  | BigUint64Array
  | readonly (bigint | null | undefined)[]
  | readonly (boolean | null | undefined)[]
  | readonly (string | null | undefined)[]
  | CodedStrings

/** Values with a bitmap: bit i of byte i >> 3 is 1 where row i has a value. For nullable columns. */
export interface MaskedValues {
  readonly values: ColumnValues
  readonly valid: Uint8Array
}

/**
 * A block of rows as columns of one common length, by field name. Columns of nullable fields may be missing.
 *
 * | type | taken as they are | checked value by value |
 * |---|---|---|
 * | `f64` `f32` | every typed array of numbers | `number[]` |
 * | `i32` | `Int32Array`, narrower integers | other typed arrays, `number[]` |
 * | `u32` | `Uint32Array`, narrower unsigned integers | other typed arrays, `number[]` |
 * | `timestamp` | integer typed arrays | `Float64Array`, `Float32Array`, `number[]` |
 * | `i64` | `BigInt64Array` | `BigUint64Array`, `bigint[]` |
 * | `bool` | | `boolean[]`, `Uint8Array` of 0 and 1 |
 * | `utf8` | | `string[]`, `{ codes, dictionary }` |
 */
export type ColumnBlock = Readonly<Record<string, ColumnValues | MaskedValues>>
