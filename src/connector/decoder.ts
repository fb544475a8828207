import { decodeFailed, type EventfluxError, optionInvalid, show } from '../errors.ts'
import type { ColumnBlock } from '../memory/column-input.ts'
import type { Schema } from '../schema/schema.ts'
import { type ColumnStage, stagesOf, takeBlock } from './column-stage.ts'
import { NEEDS_BYTES, OPEN_QUOTE, RecordSplitter, TOO_LONG } from './record-splitter.ts'

/** Rows of a block at most. */
const BLOCK_ROWS = 4096
/** Longest piece of a broken line that an error carries, in bytes. */
const SHOWN_BYTES = 4096

/** Options of every decoder of lines. */
export interface DecoderOptions {
  /** Longest line in bytes, default 16 MiB. A longer one is an error, and reading goes on at the next line. */
  readonly maxLineBytes?: number
  /**
   * How `timestamp` columns are written: `'ms'` (default), integer milliseconds since the epoch, or `'iso'`, ISO 8601
   * text, taken for UTC when it names no zone.
   */
  readonly timestamps?: 'ms' | 'iso'
}

/** What one record was: true, a row; false, nothing (a blank line, a header); text, what is wrong with it. */
export type RecordOutcome = boolean | string

/** Reads one record of a format into the stages. */
export type RecordReader = (bytes: Uint8Array, start: number, end: number, row: number, line: number) => RecordOutcome

/**
 * Bytes in, columns out, whatever the chunks. Feed some bytes, call `next` until it has nothing more, feed again; at
 * the end `finish`, and `next` once more.
 *
 * @example
 * const decoder = csvDecoder(schema({ a: i32() }))
 * decoder.feed(new TextEncoder().encode('a\n1\n2\n'))
 * decoder.finish()
 * decoder.next(error => console.warn(error.message)) // { a: Int32Array [1, 2] }
 */
export interface Decoder {
  /** Takes a copy of `bytes`. */
  feed(bytes: Uint8Array): void
  /** No more bytes follow: an unfinished last line counts as a line. */
  finish(): void
  /**
   * The next rows, at most some thousands, or undefined when more bytes are needed. Valid until the next call. Lines
   * that can't be read go to `reject`, with their number in `at` and their text in `value`; the others are unaffected.
   *
   * @throws EventfluxError `DECODE_FAILED` when nothing can be read at all (a header that lacks a column).
   */
  next(reject: (error: EventfluxError) => void): ColumnBlock | undefined
  /** Bytes up to the first record that was not read yet. */
  readonly offset: number
}

/** Cuts bytes into records, has them read into stages, and hands over what is there. */
export class RecordDecoder implements Decoder {
  readonly #splitter: RecordSplitter
  readonly #stages: readonly ColumnStage[]
  readonly #read: RecordReader
  readonly #maxBytes: number

  constructor(options: {
    readonly schema: Schema
    readonly decoding: DecoderOptions
    readonly delimiter: number | undefined
    /** Makes the reader that writes into `stages`. */
    readonly reader: (stages: readonly ColumnStage[]) => RecordReader
  }) {
    this.#maxBytes = checkedMaxBytes(options.decoding)
    this.#splitter = new RecordSplitter({ maxBytes: this.#maxBytes, delimiter: options.delimiter })
    this.#stages = stagesOf(options.schema, BLOCK_ROWS)
    this.#read = options.reader(this.#stages)
  }

  get offset(): number {
    return this.#splitter.offset
  }

  feed(bytes: Uint8Array): void {
    this.#splitter.feed(bytes)
  }

  finish(): void {
    this.#splitter.finish()
  }

  next(reject: (error: EventfluxError) => void): ColumnBlock | undefined {
    const splitter = this.#splitter
    let rows = 0
    while (rows < BLOCK_ROWS) {
      const outcome = splitter.next()
      if (outcome === NEEDS_BYTES) break
      if (outcome === TOO_LONG) {
        reject(lineBroken(splitter.line, `is longer than maxLineBytes, ${this.#maxBytes}`))
        continue
      }
      if (outcome === OPEN_QUOTE) {
        reject(lineBroken(splitter.line, 'opens a quote that is never closed'))
        continue
      }
      const { bytes, start, end, line } = splitter
      const read = this.#read(bytes, start, end, rows, line)
      if (read === true) rows++
      else if (read !== false) {
        for (const stage of this.#stages) stage.clearNull(rows)
        reject(lineBroken(line, read, bytes.subarray(start, Math.min(end, start + SHOWN_BYTES))))
      }
    }
    return rows === 0 ? undefined : takeBlock(this.#stages, rows)
  }
}

function lineBroken(line: number, what: string, bytes?: Uint8Array): EventfluxError {
  const value = bytes && new TextDecoder().decode(bytes)
  return decodeFailed(`line ${line} ${what}`, { at: `line ${line}`, value })
}

function checkedMaxBytes({ maxLineBytes = 16 * 1024 * 1024, timestamps = 'ms' }: DecoderOptions): number {
  if (!(Number.isSafeInteger(maxLineBytes) && maxLineBytes >= 1 && maxLineBytes <= 2 ** 30)) {
    throw optionInvalid(`maxLineBytes is ${show(maxLineBytes)} and must be an integer from 1 to 2^30`, {
      value: maxLineBytes,
    })
  }
  if (timestamps !== 'ms' && timestamps !== 'iso') {
    throw optionInvalid(`timestamps is ${show(timestamps)} and must be 'ms' or 'iso'`, { value: timestamps })
  }
  return maxLineBytes
}
