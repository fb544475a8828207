import type { DataType, ObjectType, TypeName } from './data-type.ts'
import type { Schema, SchemaFields } from './schema.ts'

/** The JavaScript value of each column type. */
export interface ValueOf {
  f64: number
  f32: number
  i32: number
  u32: number
  i64: bigint
  bool: boolean
  timestamp: number
  utf8: string
  object: unknown
}

/** The value of a column without its null. */
type BareValue<D extends DataType> = [D] extends [ObjectType<infer V, boolean>] ? V : ValueOf[D['name'] & TypeName]

/** What a column hands out: its value, or null where the column is nullable. */
export type ResultValue<D extends DataType> = true extends D['isNullable'] ? BareValue<D> | null : BareValue<D>

type NullableKeys<F extends SchemaFields> = {
  [K in keyof F]: true extends F[K]['isNullable'] ? K : never
}[keyof F]

/** Shows an intersection as one object type: `& {}` has editors show the columns instead of this name. */
export type Flat<T> = { [K in keyof T]: T[K] } & {}

/** A row of these columns on its way in. */
export type InsertRowOf<F extends SchemaFields> = Flat<
  { readonly [K in Exclude<keyof F, NullableKeys<F>>]: BareValue<F[K]> } & {
    readonly [K in NullableKeys<F>]?: BareValue<F[K]> | null | undefined
  }
>

/** A row of these columns on its way out. */
export type ResultRowOf<F extends SchemaFields> = { readonly [K in keyof F]: ResultValue<F[K]> } & {}

/**
 * The row object a schema accepts: nullable columns may be null, undefined or missing.
 *
 * @example
 * ```ts
 * const readings = schema({ sensor: utf8(), value: f64().nullable() })
 * const row: InsertRow<typeof readings> = { sensor: 'a' }
 * ```
 */
export type InsertRow<S extends Schema> = S extends Schema<infer F> ? InsertRowOf<F> : never

/** The row object results of a schema are: read-only, every column present, null where a nullable one has no value. */
export type ResultRow<S extends Schema> = S extends Schema<infer F> ? ResultRowOf<F> : never
