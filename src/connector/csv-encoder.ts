import { expectArgument, isObject } from '../options.ts'
import { encodeJson } from './ndjson-encoder.ts'

/**
 * One row as a record of CSV (RFC 4180), without the line end: the values of `fields`, in their order. Text is quoted
 * where it must be, and when it is empty, so that it differs from null, which is nothing at all. Lists and objects are
 * written as the JSON that `encodeNdjson` makes of them, a `Date` as its text in ISO 8601. Halves of surrogate pairs, which UTF-8 has no bytes for, are U+FFFD
 * once the line is bytes; in JSON they are escaped.
 *
 * Text is written as it is: a cell that begins with `=`, `+`, `-` or `@` is a formula to some spreadsheets.
 *
 * @example
 * encodeCsv({ a: 1, b: 'x,"y"', c: null }, ['a', 'b', 'c']) // 1,"x,""y""",
 */
export function encodeCsv(row: object, fields: readonly string[], delimiter = ','): string {
  expectArgument('encodeCsv', row, isObject, 'a row, an object')
  expectArgument('encodeCsv', fields, Array.isArray, 'the names of the columns, a list')
  let line = ''
  for (let index = 0; index < fields.length; index++) {
    if (index > 0) line += delimiter
    line += encodeCell((row as Record<string, unknown>)[fields[index]!], delimiter)
  }
  return line
}

/**
 * The record that names the columns.
 *
 * @example
 * ```ts
 * encodeCsvHeader(['time', 'a,b']) // time,"a,b"
 * ```
 */
export function encodeCsvHeader(fields: readonly string[], delimiter = ','): string {
  expectArgument('encodeCsvHeader', fields, Array.isArray, 'the names of the columns, a list')
  return fields.map(field => encodeText(field, delimiter)).join(delimiter)
}

function encodeCell(value: unknown, delimiter: string): string {
  switch (typeof value) {
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'string':
      return encodeText(value, delimiter)
    case 'object': {
      const json = encodeJson(value)
      if (json === undefined || json === 'null') return ''
      // What is a text in JSON, as a Date is, is that text.
      return encodeText(json.startsWith('"') ? JSON.parse(json) : json, delimiter)
    }
    default:
      return ''
  }
}

function encodeText(text: string, delimiter: string): string {
  const mustQuote =
    text === '' ||
    text.includes('"') ||
    text.includes(delimiter) ||
    text.includes('\n') ||
    text.includes('\r') ||
    // At the start of a file it would be taken for a byte order mark.
    text.startsWith('\uFEFF')
  return mustQuote ? `"${text.replaceAll('"', '""')}"` : text
}
