import { show } from '../errors.ts'
import type { ColumnStage } from './column-stage.ts'
import { parsePlainDecimal } from './decimal.ts'
import { parseIsoTimestamp } from './iso-timestamp.ts'
import type { SpanText } from './span-text.ts'

/**
 * Reads the field `bytes[start, end)` (quotes already taken off) into row `row` of a column. Returns what is wrong, or
 * undefined.
 *
 * Numbers are what `Number(text)` says, except that blank text is missing rather than 0, and nothing but `NaN` is NaN.
 * A field of nothing is null; without quotes also in a nullable `utf8` column, where `""` is the empty string.
 */
export function readCell(
  stage: ColumnStage,
  row: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  isQuoted: boolean,
  reading: { readonly text: SpanText; readonly isIso: boolean },
): string | undefined {
  const { buffer } = stage
  if (start === end && !(buffer.type === 'utf8' && (isQuoted || !stage.isNullable))) {
    if (!stage.isNullable) return `has no value for the column "${stage.name}"`
    stage.setNull(row)
    return
  }
  switch (buffer.type) {
    case 'utf8': {
      const text = reading.text.read(bytes, start, end)
      if (text === undefined) return `isn't UTF-8 in the column "${stage.name}"`
      buffer.values[row] = text
      return
    }
    case 'bool': {
      const value = parseBool(bytes, start, end)
      if (value === undefined) break
      buffer.values[row] = value
      return
    }
    case 'i64': {
      const value = parseI64(bytes, start, end)
      if (value === undefined) break
      buffer.values[row] = value
      return
    }
    case 'timestamp': {
      const ms = reading.isIso
        ? parseIsoTimestamp(bytes, start, end)
        : (parsePlainDecimal(bytes, start, end) ?? slowNumber(bytes, start, end))
      if (ms === undefined || !Number.isSafeInteger(ms)) break
      buffer.values[row] = ms
      return
    }
    default: {
      const value = parsePlainDecimal(bytes, start, end) ?? slowNumber(bytes, start, end)
      if (value === undefined) break
      if (buffer.type === 'i32' && value !== (value | 0)) break
      if (buffer.type === 'u32' && value !== value >>> 0) break
      buffer.values[row] = value
      return
    }
  }
  const text = new TextDecoder().decode(bytes.subarray(start, Math.min(end, start + 100)))
  return `holds ${show(text)} in the column "${stage.name}", which is no ${buffer.type}`
}

const NUMBER_BYTES = 400

function slowNumber(bytes: Uint8Array, start: number, end: number): number | undefined {
  const text = asciiText(bytes, start, end)
  if (text === undefined || text.trim() === '') return undefined
  const value = Number(text)
  return Number.isNaN(value) && text !== 'NaN' ? undefined : value
}

/** The text of an ASCII span; undefined for anything else, and for more than a number can need. */
function asciiText(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start > NUMBER_BYTES) return undefined
  let text = ''
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte > 127) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}

const I64_LIMIT = 2n ** 63n

function parseI64(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  const plain = parsePlainDecimal(bytes, start, end)
  if (plain !== undefined && Number.isInteger(plain)) return BigInt(plain)
  const text = asciiText(bytes, start, end)
  if (text === undefined || !/^-?\d{1,19}$/.test(text)) return undefined
  const value = BigInt(text)
  return value >= -I64_LIMIT && value < I64_LIMIT ? value : undefined
}

/** `true` and `false`, in any case. */
function parseBool(bytes: Uint8Array, start: number, end: number): boolean | undefined {
  if (isWord(bytes, start, end, 'true')) return true
  if (isWord(bytes, start, end, 'false')) return false
  return undefined
}

function isWord(bytes: Uint8Array, start: number, end: number, word: string): boolean {
  if (end - start !== word.length) return false
  for (let index = 0; index < word.length; index++) {
    if ((bytes[start + index]! | 32) !== word.charCodeAt(index)) return false
  }
  return true
}
