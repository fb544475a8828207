import { type EventfluxError, expressionInvalid, show } from '../errors.ts'
import type { Schema } from '../schema/schema.ts'

/** Columns that are named in the message. */
const NAMED = 8

/** The error for a column that `schema` doesn't have. */
export function noColumn(name: string, schema: Schema): EventfluxError {
  const known = schema.fields.slice(0, NAMED).map(field => field.name)
  return expressionInvalid(
    `There is no column ${show(name)} here, only ${known.join(', ')}${schema.length > NAMED ? ', …' : ''}`,
    { value: name, at: name },
  )
}
