import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { type ByteInput, behind, csvSource, ndjsonSource } from '../connector/byte-source.ts'
import type { CsvDecoderOptions } from '../connector/csv-decoder.ts'
import type { DecoderOptions } from '../connector/decoder.ts'
import type { BytePiece } from '../connector/piece-bytes.ts'
import type { Source } from '../connector/source.ts'
import { toSource } from '../connector/to-source.ts'
import { optionInvalid, show, sourceFailed } from '../errors.ts'
import type { Schema } from '../schema/schema.ts'
import { bytesOf, type GzipInput, isGzip } from './byte-streams.ts'
import { expectPath, nameOf } from './file-path.ts'
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

type Reading = { readonly [K in 'gzip' | 'follow' | 'pollMs']?: FileOptions[K] | undefined }

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
  expectPath('ndjsonFile', path)
  const { gzip, follow, pollMs, ...decoding } = options
  const source = ndjsonSource(inputOf(path, { gzip, follow, pollMs }), schema, { name: nameOf(path), ...decoding })
  return fileSource(source, follow)
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
  expectPath('csvFile', path)
  const { gzip, follow, pollMs, ...decoding } = options
  const source = csvSource(inputOf(path, { gzip, follow, pollMs }), schema, { name: nameOf(path), ...decoding })
  return fileSource(source, follow)
}

function fileSource(source: Source<never>, follow = false): Source<never> {
  const { run, close, snapshot, restore } = toSource(source)
  return {
    get metadata() {
      return { ...source.metadata, bounded: !follow }
    },
    run,
    ...(close && { close }),
    // A followed file may give way to another, so that a number of bytes is no place in it.
    ...(!follow && snapshot && restore && { snapshot, restore }),
  }
}

function inputOf(path: string | URL, { gzip = 'auto', follow = false, pollMs = 100 }: Reading): ByteInput {
  if (!(Number.isFinite(pollMs) && pollMs > 0))
    throw optionInvalid(`pollMs is ${show(pollMs)} and must be milliseconds above 0`, { value: pollMs })
  if (!follow) return { open: offset => bytesBehind(path, offset, gzip) }
  if (gzip === true) throw optionInvalid('a compressed file cannot be followed: leave out gzip or follow')
  return () => ({ [Symbol.asyncIterator]: () => new FollowedFile(path, pollMs) })
}

/** The bytes of a file behind the first `offset`: what it is compressed to is read from its start. */
function bytesBehind(path: string | URL, offset: number, gzip: GzipInput): AsyncIterable<BytePiece> {
  const read = (start: number): Readable => createReadStream(path, { start, highWaterMark: READ_AHEAD_BYTES })
  if (offset === 0) return bytesOf(read(0), gzip)
  const file = openSync(path, 'r')
  try {
    const head = new Uint8Array(2)
    if (gzip === true || (gzip === 'auto' && readSync(file, head, 0, 2, 0) === 2 && isGzip(head)))
      return behind(bytesOf(read(0), true), offset)
    const { size } = fstatSync(file)
    if (size >= offset) return bytesOf(read(offset), false)
    throw sourceFailed(`the file ${String(path)} has ${size} bytes, and had been read up to ${offset}`, {
      value: offset,
    })
  } finally {
    closeSync(file)
  }
}
