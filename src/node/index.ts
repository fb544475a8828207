/**
 * For Node, Deno and Bun: files, standard streams, sockets, streams and emitters, checkpoints in files.
 *
 * @module eventflux/node
 */

export type { GzipInput } from './byte-streams.ts'
export { fileStore } from './checkpoint-files.ts'
export { type FromEmitterOptions, fromEmitter } from './emitter.ts'
export { type FileSinkOptions, fileSink } from './file-sink.ts'
export { csvFile, type FileOptions, ndjsonFile } from './files.ts'
export { type LoggedSourceOptions, loggedSource } from './logged-source.ts'
export { fromReadable } from './readable.ts'
export { connectTo, type ListenOptions, listenOn } from './sockets.ts'
export { stdin, stdout } from './standard-streams.ts'
export { type ToWritableOptions, toWritable } from './writable.ts'
