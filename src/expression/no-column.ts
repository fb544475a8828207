import { type EventfluxError, expressionInvalid, show } from '../errors.ts'
import type { Schema } from '../schema/schema.ts'

/** Columns that are named in the message. */
const NAMED = 8

/** The error for a column that `schema` doesn't have. */
export function noColumn(name: string, schema: Schema): EventfluxError {
  return expressionInvalid(`There is no column ${show(name)} here, ${onlyColumns(schema)}`, { value: name, at: name })
}

/** The columns there are, at the end of a sentence about one that isn't. */
export function onlyColumns(schema: Schema): string {
  const known = schema.fields.slice(0, NAMED).map(field => field.name)
  return `only ${known.join(', ')}${schema.length > NAMED ? ', …' : ''}`
}
