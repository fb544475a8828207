import { decodeFailed, type EventfluxError, optionInvalid, show } from '../errors.ts'
import type { ColumnBlock } from '../memory/column-input.ts'
import type { Schema } from '../schema/schema.ts'
import { type ColumnStage, stagesOf, takeBlock } from './column-stage.ts'
import {
  NEEDS_BYTES,
  type OPEN_QUOTE,
  RECORD,
  type RecordPosition,
  RecordSplitter,
  TOO_LONG,
} from './record-splitter.ts'

/** Rows of a block at most. */
const BLOCK_ROWS = 4096
/** A record that is none, or whose row has been handed out before. */
const NO_ROW = Symbol('no row')
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

/** Where decoding stands: another decoder of the same schema and options goes on there, fed with the bytes from `offset` on. */
export interface DecoderPosition extends RecordPosition {
  /** The columns named by a header that has been read. */
  readonly header: readonly string[] | undefined
  /** Rows behind the position that have been handed out already: they are passed over. */
  readonly rows: number
}

/** What one record was: true, a row; false, nothing (a blank line, a header); text, what is wrong with it. */
export type RecordOutcome = boolean | string

/** Reads the records of a format into the stages. */
export interface RecordReader {
  /** The columns named by a header that has been read. */
  readonly header?: readonly string[] | undefined
  read(bytes: Uint8Array, start: number, end: number, row: number, line: number): RecordOutcome
}

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
  /** Behind the rows handed out so far. */
  readonly position: DecoderPosition
  /** Rows handed out so far. */
  readonly rows: number
}

/** Cuts bytes into records, has them read into stages, and hands over what is there. */
export class RecordDecoder implements Decoder {
  readonly #splitter: RecordSplitter
  readonly #stages: readonly ColumnStage[]
  readonly #reader: RecordReader
  readonly #maxBytes: number
  #rows = 0
  /** Rows yet to be passed over. */
  #passed: number

  constructor(options: {
    readonly schema: Schema
    readonly decoding: DecoderOptions
    readonly delimiter: number | undefined
    readonly from: DecoderPosition | undefined
    /** Makes the reader that writes into `stages`. */
    readonly reader: (stages: readonly ColumnStage[]) => RecordReader
  }) {
    this.#maxBytes = checkedMaxBytes(options.decoding)
    this.#splitter = new RecordSplitter({ maxBytes: this.#maxBytes, delimiter: options.delimiter }, options.from)
    this.#passed = options.from?.rows ?? 0
    this.#stages = stagesOf(options.schema, BLOCK_ROWS)
    this.#reader = options.reader(this.#stages)
  }

  get offset(): number {
    return this.#splitter.offset
  }

  get position(): DecoderPosition {
    const { offset, nextLine, isInBrokenLine } = this.#splitter
    return { offset, line: nextLine, isInBrokenLine, header: this.#reader.header, rows: this.#passed }
  }

  get rows(): number {
    return this.#rows
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
      const error = outcome === RECORD ? this.#readRecord(rows) : this.#givenUp(outcome)
      if (error === undefined) rows++
      else if (error !== NO_ROW && this.#passed === 0) reject(error)
    }
    this.#rows += rows
    return rows === 0 ? undefined : takeBlock(this.#stages, rows)
  }

  /** Reads the splitter's record into a row of the stages. */
  #readRecord(row: number): EventfluxError | typeof NO_ROW | undefined {
    const { bytes, start, end, line } = this.#splitter
    const read = this.#reader.read(bytes, start, end, row, line)
    if (read === true && this.#passed === 0) return undefined
    if (read === false) return NO_ROW
    for (const stage of this.#stages) stage.clearNull(row)
    if (read !== true) return this.#lineBroken(read)
    this.#passed--
    return NO_ROW
  }

  #givenUp(outcome: typeof TOO_LONG | typeof OPEN_QUOTE): EventfluxError {
    return this.#lineBroken(
      outcome === TOO_LONG ? `is longer than maxLineBytes, ${this.#maxBytes}` : 'opens a quote that is never closed',
    )
  }

  #lineBroken(what: string): EventfluxError {
    const { bytes, start, end, line } = this.#splitter
    // Of a line that is too long no more is known for sure than that.
    const shown = Math.min(end, start + Math.min(SHOWN_BYTES, this.#maxBytes))
    const value = new TextDecoder().decode(bytes.subarray(start, shown))
    return decodeFailed(`line ${line} ${what}`, { at: `line ${line}`, value })
  }
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
