import { schemaInvalid } from '../errors.ts'

/** The names of the types of a source's columns. */
export type StoredTypeName = 'f64' | 'f32' | 'i32' | 'u32' | 'i64' | 'bool' | 'timestamp' | 'utf8'
/** The names of all types of columns: a window's results may also be `object`. */
export type TypeName = StoredTypeName | 'object'

/**
 * The type of a column: what a JavaScript value must be to enter it, how it stands in memory, whether it may be null.
 *
 * | type | JavaScript value | in memory |
 * |---|---|---|
 * | `f64` `f32` | `number` (NaN and infinities are values) | 8 / 4 bytes |
 * | `i32` `u32` | `number`, an integer in range | 4 bytes |
 * | `i64` | `bigint` in range | 8 bytes |
 * | `bool` | `boolean` | 1 byte |
 * | `timestamp` | `number`: integer milliseconds since the Unix epoch, a safe integer | 8 bytes (f64) |
 * | `utf8` | `string` | 4 bytes: a code of the column's dictionary |
 * | `object` | what an aggregate such as `topK` makes: an array, any value | 4 bytes: which of the batch's values |
 */
export interface DataType<Name extends TypeName = TypeName, Null extends boolean = boolean> {
  readonly name: Name
  readonly isNullable: Null
  /** The same type, admitting `null` (and `undefined` or a missing field, on the way in). */
  nullable(): DataType<Name, true>
}

/** Bytes of one value in a column. */
export const BYTE_WIDTH: Readonly<Record<TypeName, 1 | 4 | 8>> = {
  f64: 8,
  f32: 4,
  i32: 4,
  u32: 4,
  i64: 8,
  bool: 1,
  timestamp: 8,
  utf8: 4,
  object: 4,
}

function dataType<Name extends TypeName, Null extends boolean>(name: Name, isNullable: Null): DataType<Name, Null> {
  return Object.freeze({ name, isNullable, nullable: () => dataType(name, true) })
}

/** 64-bit floats. */
export const f64 = () => dataType('f64', false)
/** 32-bit floats: half the memory, about 7 digits. */
export const f32 = () => dataType('f32', false)
/** Integers from -2^31 to 2^31 - 1. */
export const i32 = () => dataType('i32', false)
/** Integers from 0 to 2^32 - 1. */
export const u32 = () => dataType('u32', false)
/** Integers from -2^63 to 2^63 - 1, as `bigint`. */
export const i64 = () => dataType('i64', false)
/** `true` and `false`. */
export const bool = () => dataType('bool', false)
/** Integer milliseconds since the Unix epoch. */
export const timestamp = () => dataType('timestamp', false)
/** Text; equal strings share one dictionary code. */
export const utf8 = () => dataType('utf8', false)

/** The data type of a name and a nullability: how plans rebuild schemas from JSON. */
export const typeOf = (name: TypeName, isNullable: boolean): DataType => dataType(name, isNullable)

/**
 * The type of a column values can be put into.
 *
 * @throws EventfluxError `SCHEMA_INVALID` for `object`, which only aggregates make.
 */
export function storedName({ name }: DataType): StoredTypeName {
  if (name === 'object') throw schemaInvalid('A column of objects is the result of an aggregate: it takes no values')
  return name
}

/** The type of results that are JavaScript values of type `V`: arrays, or whatever an aggregate of your own makes. */
export interface ObjectType<V, Null extends boolean = false> extends DataType<'object', Null> {
  /** For the type checker only: never there. */
  readonly shape?: V
}
