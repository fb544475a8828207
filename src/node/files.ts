import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { type ByteInput, csvSource, ndjsonSource } from '../connector/byte-source.ts'
import type { CsvDecoderOptions } from '../connector/csv-decoder.ts'
import type { DecoderOptions } from '../connector/decoder.ts'
import type { Source } from '../connector/source.ts'
import { toSource } from '../connector/to-source.ts'
import { optionInvalid, show } from '../errors.ts'
import type { Schema } from '../schema/schema.ts'
import { bytesOf, type GzipInput } from './byte-streams.ts'
import { FollowedFile } from './followed-file.ts'

/** Bytes read ahead of the decoder: with backpressure nothing beyond them is read. */
const READ_AHEAD_BYTES = 262_144

/** How a file is read. */
export interface FileOptions {
  /** The name in errors and metrics. Default: the file's. */
  readonly name?: string
  /** Whether the file is compressed. Default `'auto'`: what its first two bytes say. */
  readonly gzip?: GzipInput
  /**
   * Goes on with what is appended, as `tail -F` does: the source never ends by itself. A file that is cut is read from
   * its start again; one that gives way to another of its name (log rotation) is read to its end, and then the other,
   * whose header, if it is CSV, is a broken line. Default false.
   */
  readonly follow?: boolean
  /** How often a followed file is looked at, in milliseconds. Default 100. */
  readonly pollMs?: number
}

/**
 * A file of newline-delimited JSON as a source, read piece by piece, as fast as the job takes it, and anew for each run.
 * Compressed with gzip or not.
 *
 * @param schema default: the schema of the pipeline it feeds.
 * @throws EventfluxError `OPTION_INVALID`
 * @example
 * const source = ndjsonFile('events.ndjson.gz')
 */
export function ndjsonFile(
  path: string | URL,
  schema?: Schema,
  options: DecoderOptions & FileOptions = {},
): Source<never> {
  return fileSource(ndjsonSource(inputOf(path, options), schema, { name: nameOf(path), ...options }), options)
}

/**
 * A CSV file (RFC 4180) as a source, read piece by piece, as fast as the job takes it, and anew for each run. Compressed
 * with gzip or not.
 *
 * @param schema default: the schema of the pipeline it feeds.
 * @throws EventfluxError `OPTION_INVALID`
 * @example
 * const source = csvFile('readings.csv', undefined, { timestamps: 'iso' })
 */
export function csvFile(
  path: string | URL,
  schema?: Schema,
  options: CsvDecoderOptions & FileOptions = {},
): Source<never> {
  return fileSource(csvSource(inputOf(path, options), schema, { name: nameOf(path), ...options }), options)
}

function fileSource(source: Source<never>, { follow = false }: FileOptions): Source<never> {
  const { run, close } = toSource(source)
  return {
    get metadata() {
      return { ...source.metadata, bounded: !follow }
    },
    run,
    ...(close ? { close } : {}),
  }
}

function inputOf(path: string | URL, { gzip = 'auto', follow = false, pollMs = 100 }: FileOptions): ByteInput {
  if (!(Number.isFinite(pollMs) && pollMs > 0))
    throw optionInvalid(`pollMs is ${show(pollMs)} and must be milliseconds above 0`, { value: pollMs })
  if (!follow) return () => bytesOf(createReadStream(path, { highWaterMark: READ_AHEAD_BYTES }), gzip)
  if (gzip === true) throw optionInvalid('a compressed file cannot be followed: leave out gzip or follow')
  return () => ({ [Symbol.asyncIterator]: () => new FollowedFile(path, pollMs) })
}

function nameOf(path: string | URL): string {
  return basename(typeof path === 'string' ? path : path.pathname)
}
