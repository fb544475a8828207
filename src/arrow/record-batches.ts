import type { Field as ArrowField, Schema as ArrowSchema, Data, RecordBatch } from 'apache-arrow'
import type { ResultBatch } from '../runtime/result-batch.ts'
import type { Field, Schema } from '../schema/schema.ts'
import { type ArrowLibrary, loadArrow } from './arrow-library.ts'

/** Makes a record batch of each batch of results. */
export type ToRecordBatch = (batch: ResultBatch) => RecordBatch

/** How record batches are made. */
export interface RecordBatchOptions {
  /**
   * Whether columns of numbers are copied. Default true. Without a copy they are views of the engine's memory: valid only
   * until `onBatch` returns (or its promise resolves), so a record batch must be used up there.
   */
  readonly copy?: boolean
}

/**
 * Prepares the way from `onBatch` to Apache Arrow: a function that makes a record batch of each batch of results. Numbers
 * are taken over whole, times become timestamps in milliseconds, text becomes `Utf8`, and objects (of `topK`, `collect`) their
 * JSON. Needs the package `apache-arrow`.
 *
 * @param schema That of the results: `pipeline.outputSchema`.
 * @example
 * import { Table } from 'apache-arrow'
 * const toRecordBatch = await recordBatches(highs.outputSchema)
 * await highs.run({ onBatch: batch => console.log(new Table(toRecordBatch(batch)).toString()) })
 */
export async function recordBatches(schema: Schema, options: RecordBatchOptions = {}): Promise<ToRecordBatch> {
  const arrow = await loadArrow()
  const { copy = true } = options
  const of = arrowSchema(arrow, schema)
  return batch => {
    const children = schema.fields.map(field => dataOf(arrow, field, batch, copy))
    const { length } = batch
    const struct = arrow.makeData({ type: new arrow.Struct(of.fields), length, nullCount: 0, children })
    return new arrow.RecordBatch(of, struct)
  }
}

/** A schema in Arrow's terms. */
export const arrowSchema = (arrow: ArrowLibrary, { fields }: Schema): ArrowSchema =>
  new arrow.Schema(fields.map(field => arrowField(arrow, field)))

function arrowField(arrow: ArrowLibrary, { name, type }: Field): ArrowField {
  const make = {
    f64: () => new arrow.Float64(),
    f32: () => new arrow.Float32(),
    i32: () => new arrow.Int32(),
    u32: () => new arrow.Uint32(),
    i64: () => new arrow.Int64(),
    bool: () => new arrow.Bool(),
    timestamp: () => new arrow.TimestampMillisecond(),
    utf8: () => new arrow.Utf8(),
    object: () => new arrow.Utf8(),
  }
  return new arrow.Field(name, make[type.name](), type.isNullable)
}

function dataOf(arrow: ArrowLibrary, field: Field, batch: ResultBatch, copy: boolean): Data {
  const { name, type } = field
  const { length } = batch
  const arrowType = arrowField(arrow, field).type
  if (type.name === 'utf8' || type.name === 'object') {
    const text = (row: number): string | null =>
      type.name === 'utf8'
        ? batch.text(name, row)
        : batch.isValid(name, row)
          ? JSON.stringify(batch.object(name, row))
          : null
    return textData(
      arrow,
      Array.from({ length }, (_, row) => text(row)),
    )
  }
  const column = batch.column(name)
  const data =
    type.name === 'timestamp'
      ? BigInt64Array.from({ length }, (_, row) => timeOf((column as Float64Array)[row]!))
      : type.name === 'bool'
        ? bitmap(length, row => column[row] === 1)
        : copy
          ? column.slice()
          : column
  const validity = type.isNullable ? nulls(batch, name) : { nullCount: 0 }
  return arrow.makeData({ type: arrowType, length, data, ...validity } as never) as Data
}

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

function textData({ makeData, Utf8 }: ArrowLibrary, texts: readonly (string | null)[]): Data {
  const { length } = texts
  const encoder = new TextEncoder()
  const data = encoder.encode(texts.join(''))
  const valueOffsets = new Int32Array(length + 1)
  let nullCount = 0
  const nullBitmap = bitmap(length, row => {
    if (texts[row] === null) nullCount++
    return texts[row] !== null
  })
  for (let row = 0; row < length; row++) valueOffsets[row + 1] = valueOffsets[row]! + utf8Length(texts[row] ?? '')
  return makeData({
    type: new Utf8(),
    length,
    valueOffsets,
    data,
    ...(nullCount > 0 ? { nullCount, nullBitmap } : { nullCount }),
  })
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
