export { type FromEmitterOptions, fromEmitter } from './emitter.ts'
export { csvFile, ndjsonFile } from './files.ts'
export { fromReadable } from './readable.ts'
export { type ToWritableOptions, toWritable } from './writable.ts'
