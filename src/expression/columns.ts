import type { Schema, SchemaFields } from '../schema/schema.ts'
import type { ExpressionOf } from './expression.ts'
import { columnOf } from './typed-expression.ts'

/** The columns of a schema as expressions: what the builder hands to `filter`, `project` and `aggregate`. */
export type Columns<F extends SchemaFields> = { readonly [K in keyof F]: ExpressionOf<F[K]> }

/** One expression per column, on a frozen object without prototype. O(columns). */
export function columnsOf<F extends SchemaFields>(schema: Schema<F>): Columns<F> {
  const columns = Object.create(null)
  for (const { name, type } of schema.fields) columns[name] = columnOf(name, type)
  return Object.freeze(columns)
}
