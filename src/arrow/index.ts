/**
 * Apache Arrow in and out, by `apache-arrow` or flechette.
 *
 * @module eventflux/arrow
 */

export { type ArrowInput, arrowSource } from './arrow-source.ts'
export { type ArrowStream, arrowStream } from './arrow-stream.ts'
export type { ColumnOptions } from './column-parts.ts'
export type { FlechetteBatch, FlechetteColumn, FlechetteTable } from './flechette-table.ts'
export { type FlechetteLibrary, flechetteTables } from './flechette-tables.ts'
export { recordBatches, type ToRecordBatch } from './record-batches.ts'
