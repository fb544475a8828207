export { type ArrowInput, arrowSource } from './arrow-source.ts'
export { type ArrowStream, arrowStream } from './arrow-stream.ts'
export { type RecordBatchOptions, recordBatches, type ToRecordBatch } from './record-batches.ts'
