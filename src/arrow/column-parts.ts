import type { ResultBatch } from '../runtime/result-batch.ts'
import type { Field } from '../schema/schema.ts'

/** How columns of results become those of Arrow. */
export interface ColumnOptions {
  /**
   * Whether columns of numbers are copied. Default true. Without a copy they are views of the engine's memory: valid only
   * until `onBatch` returns (or its promise resolves), so a record batch must be used up there.
   */
  readonly copy?: boolean
  /**
   * Whether text comes as text of every row, or as codes into a dictionary that each batch brings along, with every text in
   * it once: smaller and faster where texts repeat. Default `'utf8'`.
   */
  readonly text?: 'utf8' | 'dictionary'
}

/** The buffers of a column, as Arrow lays them out. */
export interface ColumnParts {
  readonly length: number
  readonly nullCount: number
  /** Where there are nulls: a bit a row, set where it has a value. */
  readonly nullBitmap?: Uint8Array
  // biome-ignore lint/suspicious/noExplicitAny: which array it is follows from the type
  readonly values: any
  /** Where texts begin in `values`, and the last ends. */
  readonly offsets?: Int32Array
  /** What codes stand for. */
  readonly dictionary?: ColumnParts
}

/** A column of a batch of results. Objects (of `topK`, `collect`) become their JSON. */
export function columnParts({ name, type }: Field, batch: ResultBatch, options: ColumnOptions): ColumnParts {
  const { length } = batch
  if (type.name === 'object')
    return textParts(Array.from({ length }, (_, row) => jsonOf(batch.object(name, row), batch.isValid(name, row))))
  if (type.name === 'utf8') {
    if (options.text === 'dictionary') return dictionaryParts(name, batch)
    return textParts(Array.from({ length }, (_, row) => batch.text(name, row)))
  }
  const column = batch.column(name)
  const values =
    type.name === 'timestamp'
      ? BigInt64Array.from({ length }, (_, row) => timeOf((column as Float64Array)[row]!))
      : type.name === 'bool'
        ? bitmap(length, row => column[row] === 1)
        : options.copy === false
          ? column
          : column.slice()
  return { length, values, ...(type.isNullable ? nulls(batch, name) : { nullCount: 0 }) }
}

const jsonOf = (object: unknown, isValid: boolean): string | null => (isValid ? JSON.stringify(object) : null)

/** Windows without an end reach to infinity, which no timestamp does. */
function timeOf(ms: number): bigint {
  if (Number.isFinite(ms)) return BigInt(Math.floor(ms))
  return ms > 0 ? 2n ** 63n - 1n : Number.isNaN(ms) ? 0n : -(2n ** 63n)
}

function nulls(batch: ResultBatch, name: string): { readonly nullCount: number; readonly nullBitmap?: Uint8Array } {
  let nullCount = 0
  const nullBitmap = bitmap(batch.length, row => {
    const isValid = batch.isValid(name, row)
    if (!isValid) nullCount++
    return isValid
  })
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap }
}

/**
 * The engine's codes are of a dictionary that lives on, is swept, and may have a text twice: those of this batch are numbered
 * anew, by their texts.
 */
function dictionaryParts(name: string, batch: ResultBatch): ColumnParts {
  const { length } = batch
  const engineCodes = batch.column(name)
  const known = new Map<number, number>()
  const codes = new Map<string, number>()
  const texts: string[] = []
  const values = new Int32Array(length)
  for (let row = 0; row < length; row++) {
    if (!batch.isValid(name, row)) continue
    const engineCode = engineCodes[row] as number
    let code = known.get(engineCode)
    if (code === undefined) {
      const text = batch.text(name, row)!
      code = codes.get(text) ?? texts.push(text) - 1
      codes.set(text, code)
      known.set(engineCode, code)
    }
    values[row] = code
  }
  return { length, values, dictionary: textParts(texts), ...nulls(batch, name) }
}

function textParts(texts: readonly (string | null)[]): ColumnParts {
  const { length } = texts
  const values = new TextEncoder().encode(texts.join(''))
  const offsets = new Int32Array(length + 1)
  let nullCount = 0
  const nullBitmap = bitmap(length, row => {
    if (texts[row] === null) nullCount++
    return texts[row] !== null
  })
  for (let row = 0; row < length; row++) offsets[row + 1] = offsets[row]! + utf8Length(texts[row] ?? '')
  return { length, values, offsets, nullCount, ...(nullCount > 0 && { nullBitmap }) }
}

/** Bytes of a text as UTF-8; half of a surrogate pair becomes U+FFFD. */
function utf8Length(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    if (unit < 0x800) bytes++
    else if (unit >= 0xd800 && unit < 0xdc00 && text.charCodeAt(i + 1) >> 10 === 0x37) {
      bytes += 2
      i++
    } else bytes += 2
  }
  return bytes
}

function bitmap(length: number, isSet: (row: number) => boolean): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3)
  for (let row = 0; row < length; row++) if (isSet(row)) bits[row >> 3]! |= 1 << (row & 7)
  return bits
}
