import type { Schema, SchemaFields } from '../schema/schema.ts'
import type { ExpressionOf } from './expression.ts'
import { noColumn } from './no-column.ts'
import { columnOf } from './typed-expression.ts'

/** The columns of a schema as expressions: what the builder hands to `filter`, `project` and `aggregate`. */
export type Columns<F extends SchemaFields> = { readonly [K in keyof F]: ExpressionOf<F[K]> }

/** Asked for by `await` and `JSON.stringify` of whatever they are given. */
const ASKED_BY_THE_LANGUAGE = ['then', 'toJSON']

/**
 * One expression per column, on a frozen object without prototype. O(columns). A column that isn't there is an error with
 * a name, where `undefined` would be one without.
 */
export function columnsOf<F extends SchemaFields>(schema: Schema<F>): Columns<F> {
  const columns = Object.create(null)
  for (const { name, type } of schema.fields) columns[name] = columnOf(name, type)
  return new Proxy(Object.freeze(columns), {
    get(target, name) {
      if (typeof name === 'symbol' || Object.hasOwn(target, name)) return target[name]
      if (ASKED_BY_THE_LANGUAGE.includes(name)) return undefined
      throw noColumn(name, schema as unknown as Schema)
    },
  })
}
