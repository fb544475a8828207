import type { ByteInput } from '../connector/byte-source.ts'
import type { Sink } from '../connector/sink.ts'
import { bytesOf, type GzipInput } from './byte-streams.ts'
import { toWritable } from './writable.ts'

/**
 * The standard input, for `ndjsonSource` and `csvSource`. Compressed or not: its first two bytes tell.
 *
 * @example
 * const source = ndjsonSource(stdin())
 */
export function stdin(options: { readonly gzip?: GzipInput } = {}): ByteInput {
  return bytesOf(process.stdin, options.gzip ?? 'auto')
}

/**
 * The standard output, under `ndjsonSink` and `csvSink`. It stays open when the sink closes. A reader that goes away
 * (`| head`) makes the job fail with `SINK_FAILED`, whose cause has the code `EPIPE`.
 *
 * @example
 * const sink = csvSink<{ user: string }>(stdout())
 */
export function stdout(): Sink<Uint8Array> {
  return toWritable(process.stdout, { name: 'stdout' })
}
