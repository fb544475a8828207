import { show } from '../errors.ts'
import { checkSchema, type Schema } from '../schema/schema.ts'
import type { ColumnStage } from './column-stage.ts'
import { type Decoder, type DecoderOptions, type DecoderPosition, RecordDecoder, type RecordReader } from './decoder.ts'
import { parseIsoTimestamp } from './iso-timestamp.ts'
import { integerLiteral } from './json-literal.ts'

/**
 * Decodes newline-delimited JSON into columns: one object a line, keys in any order, keys that the schema lacks passed
 * over, blank lines too. A missing or null value is null in a nullable column and an error elsewhere.
 *
 * `f64` and `f32` also take the texts `"NaN"`, `"Infinity"` and `"-Infinity"`, which JSON has no numbers for; `i64` takes
 * integers of any size, without loss, and texts of digits.
 *
 * @param from where to go on; default: at the start.
 * @throws EventfluxError `OPTION_INVALID`
 * @example
 * const decoder = ndjsonDecoder(schema({ time: timestamp(), user: utf8() }))
 */
export function ndjsonDecoder(schema: Schema, options: DecoderOptions = {}, from?: DecoderPosition): Decoder {
  checkSchema('ndjsonDecoder', schema)
  return new RecordDecoder({
    schema,
    decoding: options,
    delimiter: undefined,
    from,
    reader: stages => ndjsonReader(stages, options.timestamps === 'iso'),
  })
}

function ndjsonReader(stages: readonly ColumnStage[], isIso: boolean): RecordReader {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const read: RecordReader['read'] = (bytes, start, end, row) => {
    if (isBlank(bytes, start, end)) return false
    let text: string
    try {
      text = decoder.decode(bytes.subarray(start, end))
    } catch {
      return "isn't UTF-8"
    }
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch (error) {
      return `isn't JSON: ${(error as SyntaxError).message}`
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
      return `holds ${show(parsed)} instead of an object`
    }
    for (const stage of stages) {
      const problem = readValue(stage, row, (parsed as Record<string, unknown>)[stage.name], text, isIso)
      if (problem !== undefined) return problem
    }
    return true
  }
  return { read }
}

/** Writes one JSON value into a column; says what is wrong with it. */
function readValue(stage: ColumnStage, row: number, value: unknown, line: string, isIso: boolean): string | undefined {
  // JSON holds no functions: what is one was inherited from Object.prototype, so the key is missing.
  if (value === null || value === undefined || typeof value === 'function') {
    if (!stage.isNullable) return `has no value for the column "${stage.name}"`
    stage.setNull(row)
    return
  }
  const { buffer } = stage
  switch (buffer.type) {
    case 'f64':
    case 'f32': {
      const number = typeof value === 'number' ? value : SPECIAL_NUMBERS.get(value)
      if (number === undefined) break
      buffer.values[row] = number
      return
    }
    case 'i32':
      if (typeof value !== 'number' || value !== (value | 0)) break
      buffer.values[row] = value
      return
    case 'u32':
      if (typeof value !== 'number' || value !== value >>> 0) break
      buffer.values[row] = value
      return
    case 'timestamp': {
      const ms = isIso ? isoTimestamp(value) : value
      if (!Number.isSafeInteger(ms)) break
      buffer.values[row] = ms as number
      return
    }
    case 'i64': {
      const integer = toI64(value, line, stage.name)
      if (integer === undefined) break
      buffer.values[row] = integer
      return
    }
    case 'bool':
      if (typeof value !== 'boolean') break
      buffer.values[row] = value
      return
    case 'utf8':
      if (typeof value !== 'string') break
      buffer.values[row] = value
      return
  }
  return `holds ${show(value)} in the column "${stage.name}", which is no ${buffer.type}`
}

const SPECIAL_NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

const I64_LIMIT = 2n ** 63n

function toI64(value: unknown, line: string, name: string): bigint | undefined {
  if (Number.isSafeInteger(value)) return BigInt(value as number)
  // Beyond 2^53 the parsed number has lost digits: the line still has them.
  const digits = typeof value === 'number' ? integerLiteral(line, name) : value
  if (typeof digits !== 'string' || !/^-?\d{1,19}$/.test(digits)) return undefined
  const integer = BigInt(digits)
  return integer >= -I64_LIMIT && integer < I64_LIMIT ? integer : undefined
}

function isoTimestamp(value: unknown): number {
  if (typeof value !== 'string' || value.length > 40) return Number.NaN
  return parseIsoTimestamp(
    Uint8Array.from(value, character => Math.min(character.charCodeAt(0), 255)),
    0,
    value.length,
  )
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  while (at < end && (bytes[at] === 32 || bytes[at] === 9 || bytes[at] === 13)) at++
  return at === end
}
