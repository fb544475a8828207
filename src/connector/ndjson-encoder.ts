import { expectArgument, isObject } from '../options.ts'

/**
 * One row as a line of JSON, without the line end.
 *
 * `bigint` becomes an integer literal of all its digits (`ndjsonDecoder` reads them without loss; readers that parse all
 * numbers as doubles round beyond 2^53). NaN and the infinities become the texts `"NaN"`, `"Infinity"`, `"-Infinity"`,
 * and −0 keeps its sign. `undefined` and functions are left out.
 *
 * @example
 * encodeNdjson({ user: 'ana', total: 9007199254740993n }) // {"user":"ana","total":9007199254740993}
 */
export function encodeNdjson(row: object): string {
  expectArgument('encodeNdjson', row, isObject, 'a row, an object')
  let line = '{'
  for (const [name, value] of Object.entries(row)) {
    const json = encodeJson(value)
    if (json === undefined) continue
    line += `${line.length === 1 ? '' : ','}${JSON.stringify(name)}:${json}`
  }
  return `${line}}`
}

/** A value as JSON, in the way of `encodeNdjson`; undefined for what is left out. */
export function encodeJson(value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      if (!Number.isFinite(value)) return `"${value}"`
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return String(value)
    case 'object':
      if (value === null) return 'null'
      if (Array.isArray(value)) return `[${value.map(item => encodeJson(item) ?? 'null').join(',')}]`
      if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return JSON.stringify(value)
      return encodeNdjson(value)
    default:
      return JSON.stringify(value)
  }
}
