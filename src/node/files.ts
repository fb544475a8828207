import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { type BytePiece, csvSource, ndjsonSource } from '../connector/byte-source.ts'
import type { CsvDecoderOptions } from '../connector/csv-decoder.ts'
import type { DecoderOptions } from '../connector/decoder.ts'
import type { Source } from '../connector/source.ts'
import { toSource } from '../connector/to-source.ts'
import type { Schema } from '../schema/schema.ts'
import { untilDestroyed } from './readable.ts'

/** Bytes read ahead of the decoder: with backpressure nothing beyond them is read. */
const READ_AHEAD_BYTES = 262_144

/**
 * A file of newline-delimited JSON as a source, read piece by piece, as fast as the job takes it, and anew for each run.
 *
 * @param schema default: the schema of the pipeline it feeds.
 * @example
 * const source = ndjsonFile('events.ndjson')
 */
export function ndjsonFile(path: string | URL, schema?: Schema, options: DecoderOptions = {}): Source<never> {
  return toSource(ndjsonSource(() => bytesOf(path), schema, { name: nameOf(path), ...options }))
}

/**
 * A CSV file (RFC 4180) as a source, read piece by piece, as fast as the job takes it, and anew for each run.
 *
 * @param schema default: the schema of the pipeline it feeds.
 * @example
 * const source = csvFile('readings.csv', undefined, { timestamps: 'iso' })
 */
export function csvFile(path: string | URL, schema?: Schema, options: CsvDecoderOptions = {}): Source<never> {
  return toSource(csvSource(() => bytesOf(path), schema, { name: nameOf(path), ...options }))
}

function bytesOf(path: string | URL): AsyncIterable<BytePiece> {
  return untilDestroyed(createReadStream(path, { highWaterMark: READ_AHEAD_BYTES }))
}

function nameOf(path: string | URL): string {
  return basename(typeof path === 'string' ? path : path.pathname)
}
