import type { Field as ArrowField, Schema as ArrowSchema, Data, DataType, RecordBatch } from 'apache-arrow'
import type { ResultBatch } from '../runtime/result-batch.ts'
import { checkSchema, type Field, type Schema } from '../schema/schema.ts'
import { type ArrowLibrary, loadArrow } from './arrow-library.ts'
import { type ColumnOptions, type ColumnParts, columnParts } from './column-parts.ts'

/** Makes a record batch of each batch of results. */
export type ToRecordBatch = (batch: ResultBatch) => RecordBatch

/**
 * Prepares the way from `onBatch` to Apache Arrow: a function that makes a record batch of each batch of results. Numbers
 * are taken over whole, times become timestamps in milliseconds, text becomes `Utf8` (with `text: 'dictionary'` a
 * dictionary of it), and objects (of `topK`, `collect`) their JSON. Needs the package `apache-arrow`.
 *
 * @param schema That of the results: `pipeline.outputSchema`.
 * @example
 * import { Table } from 'apache-arrow'
 * const toRecordBatch = await recordBatches(highs.outputSchema)
 * await highs.run({ onBatch: batch => console.log(new Table(toRecordBatch(batch)).toString()) })
 */
export async function recordBatches(schema: Schema, options: ColumnOptions = {}): Promise<ToRecordBatch> {
  checkSchema('recordBatches', schema)
  const arrow = await loadArrow()
  const of = arrowSchema(arrow, schema, options)
  return batch => {
    const children = schema.fields.map((field, i) =>
      dataOf(arrow, of.fields[i]!.type, columnParts(field, batch, options)),
    )
    const { length } = batch
    const struct = arrow.makeData({ type: new arrow.Struct(of.fields), length, nullCount: 0, children })
    return new arrow.RecordBatch(of, struct)
  }
}

/** A schema in Arrow's terms. */
export const arrowSchema = (arrow: ArrowLibrary, { fields }: Schema, options: ColumnOptions): ArrowSchema =>
  new arrow.Schema(fields.map((field, id) => arrowField(arrow, field, id, options)))

function arrowField(arrow: ArrowLibrary, { name, type }: Field, id: number, { text }: ColumnOptions): ArrowField {
  const utf8 = new arrow.Utf8()
  const make = {
    f64: () => new arrow.Float64(),
    f32: () => new arrow.Float32(),
    i32: () => new arrow.Int32(),
    u32: () => new arrow.Uint32(),
    i64: () => new arrow.Int64(),
    bool: () => new arrow.Bool(),
    timestamp: () => new arrow.TimestampMillisecond(),
    utf8: () => (text === 'dictionary' ? new arrow.Dictionary(utf8, new arrow.Int32(), id) : utf8),
    object: () => utf8,
  }
  return new arrow.Field(name, make[type.name](), type.isNullable)
}

function dataOf(arrow: ArrowLibrary, type: DataType, parts: ColumnParts): Data {
  const { values: data, offsets, dictionary, ...rest } = parts
  return arrow.makeData({
    type,
    data,
    ...(offsets && { valueOffsets: offsets }),
    ...(dictionary && { dictionary: arrow.makeVector(dataOf(arrow, new arrow.Utf8(), dictionary)) }),
    ...rest,
  } as never) as Data
}
