const LF = 10
const CR = 13
const QUOTE = 34

/** What `RecordSplitter.next` found. */
export const NEEDS_BYTES = 0
export const RECORD = 1
export const TOO_LONG = 2
export const OPEN_QUOTE = 3
type SplitOutcome = typeof NEEDS_BYTES | typeof RECORD | typeof TOO_LONG | typeof OPEN_QUOTE

/** How quoted scanning stands between two bytes. */
const FIELD_START = 0
const PLAIN = 1
const QUOTED = 2
const AFTER_QUOTE = 3

interface RecordSplitterOptions {
  /** Longest record in bytes, its line end not counted. */
  readonly maxBytes: number
  /** CSV: a line end inside a quoted field belongs to the field. The delimiter's byte, or undefined: every line end counts. */
  readonly delimiter: number | undefined
}

/** Where in a stream of bytes a record begins. */
export interface RecordPosition {
  /** Bytes in front of it. */
  readonly offset: number
  /** The number of its line. */
  readonly line: number
  /** Whether what comes first is the rest of a line that was given up. */
  readonly isInBrokenLine: boolean
}

/**
 * Cuts a stream of bytes into records at LF or CRLF, whatever the chunks. Works on bytes, so that no character can be
 * torn apart: 10, 13 and 34 occur in UTF-8 as themselves only.
 *
 * Lines without quotes are found by the engine's own `indexOf`; only records holding a quote are walked byte by byte,
 * each byte once, and once more where a record is given up: what a quote that doesn't close has been walked through is
 * remembered, so that input of such quotes alone takes no longer.
 */
export class RecordSplitter {
  /** Holds the current record from `start` to `end` (exclusive), without its line end; good until the next `feed`. */
  bytes = new Uint8Array(0)
  start = 0
  end = 0
  /** The number of the line the current record begins on, from 1. */
  line = 1

  readonly #maxBytes: number
  readonly #delimiter: number | undefined
  /** First byte of the next record, end of what was fed, and how far the search for its end has come. */
  #from = 0
  #to = 0
  #scanned = 0
  #state = FIELD_START
  /** Position of the first quote at or after #from, anything below #from when unknown; none stands before #quoteScanned. */
  #quote = -1
  #quoteScanned = 0
  /** Where the record goes on behind its first line, in quotes; below 0: it doesn't. */
  #secondLine = -1
  /**
   * What a record that was given up left behind: whoever is in quotes at a line end from `#openFrom` to `#openTo` still is
   * at every one that follows there, and stands at `#openTo` in `#openState`.
   */
  #openFrom = 0
  #openTo = 0
  #openState = QUOTED
  #nextLine: number
  #isSkipping: boolean
  #isFinished = false
  #mayHaveBom: boolean
  /** Bytes fed before those in the buffer. */
  #base: number

  /** @param from where in the stream the bytes begin that it is fed with; default: at its start. */
  constructor(options: RecordSplitterOptions, from: RecordPosition = { offset: 0, line: 1, isInBrokenLine: false }) {
    this.#maxBytes = options.maxBytes
    this.#delimiter = options.delimiter
    this.#base = from.offset
    this.#nextLine = from.line
    this.#isSkipping = from.isInBrokenLine
    this.#mayHaveBom = from.offset === 0
  }

  /** Bytes of the stream up to the first record not handed out yet. */
  get offset(): number {
    return this.#base + this.#from
  }

  /** The number of the line the next record begins on. */
  get nextLine(): number {
    return this.#nextLine
  }

  /** Whether what comes next is the rest of a line that was given up. */
  get isInBrokenLine(): boolean {
    return this.#isSkipping
  }

  /** Appends a copy of `chunk`. Call when `next` said it needs bytes. */
  feed(chunk: Uint8Array): void {
    const kept = this.#to - this.#from
    const needed = kept + chunk.length
    let buffer = this.bytes.buffer as ArrayBuffer
    const rest = new Uint8Array(buffer, this.#from, kept)
    if (buffer.byteLength < needed) buffer = new ArrayBuffer(Math.max(needed, buffer.byteLength * 2, 4096))
    const all = new Uint8Array(buffer)
    all.set(rest, 0)
    all.set(chunk, kept)
    this.bytes = new Uint8Array(buffer, 0, needed)
    this.#base += this.#from
    this.#scanned -= this.#from
    this.#quoteScanned = Math.max(0, this.#quoteScanned - this.#from)
    this.#quote -= this.#from
    this.#secondLine -= this.#from
    this.#openFrom -= this.#from
    this.#openTo -= this.#from
    this.#from = 0
    this.#to = needed
  }

  /** No more bytes follow: what is left is the last record. */
  finish(): void {
    this.#isFinished = true
  }

  /**
   * Moves on to the next record. TOO_LONG and OPEN_QUOTE speak of a record that is given up: what is there of its first
   * line is the record, and reading goes on behind that line, so that a stray quote can't swallow the lines that follow.
   */
  next(): SplitOutcome {
    if (this.#mayHaveBom && !this.#skipBom()) return NEEDS_BYTES
    if (this.#isSkipping && !this.#skipLine()) return NEEDS_BYTES
    const lineEnd = this.#delimiter === undefined ? this.#lineEnd() : this.#quotedLineEnd(this.#delimiter)
    const isOpen = lineEnd < 0
    const from = this.#from
    const to = isOpen ? this.#to : lineEnd
    const end = this.#withoutCr(to)
    this.start = from
    this.end = end
    this.line = this.#nextLine
    if (end - from > this.#maxBytes) return this.#giveUp(TOO_LONG)
    if (isOpen) {
      if (!this.#isFinished || to === from) return NEEDS_BYTES
      if (this.#state === QUOTED) return this.#giveUp(OPEN_QUOTE)
    }
    this.#nextLine += 1 + this.#lineEndsBefore(to)
    this.#restartAt(isOpen ? to : to + 1)
    return RECORD
  }

  /** Where a line ends whose line end stands at `to`. */
  #withoutCr(to: number): number {
    return to > this.#from && this.bytes[to - 1] === CR ? to - 1 : to
  }

  #restartAt(from: number): void {
    this.#from = from
    this.#scanned = from
    this.#state = FIELD_START
    this.#secondLine = -1
  }

  #giveUp(outcome: typeof TOO_LONG | typeof OPEN_QUOTE): SplitOutcome {
    this.#isSkipping = true
    if (this.#secondLine >= 0) {
      this.end = this.#withoutCr(this.#secondLine - 1)
      this.#openFrom = this.#secondLine - 1
      this.#openTo = this.#scanned
      this.#openState = this.#state
    }
    this.#restartAt(this.#from)
    return outcome
  }

  #skipLine(): boolean {
    const lineEnd = this.bytes.indexOf(LF, this.#from)
    if (lineEnd < 0) {
      this.#restartAt(this.#to)
      return false
    }
    this.#restartAt(lineEnd + 1)
    this.#nextLine++
    this.#isSkipping = false
    return true
  }

  #skipBom(): boolean {
    if (this.#to < 3 && !this.#isFinished) return false
    this.#mayHaveBom = false
    if (this.bytes[0] === 0xef && this.bytes[1] === 0xbb && this.bytes[2] === 0xbf) this.#from = this.#scanned = 3
    return true
  }

  #lineEnd(): number {
    const lineEnd = this.bytes.indexOf(LF, this.#scanned)
    this.#scanned = lineEnd < 0 ? this.#to : lineEnd
    return lineEnd
  }

  #quotedLineEnd(delimiter: number): number {
    if (this.#state === FIELD_START && this.#scanned === this.#from) {
      const lineEnd = this.bytes.indexOf(LF, this.#from)
      if (lineEnd >= 0 && !this.#hasQuoteBefore(lineEnd)) return lineEnd
    }
    return this.#walk(delimiter)
  }

  #hasQuoteBefore(position: number): boolean {
    if (this.#quote < this.#from) {
      const at = this.bytes.indexOf(QUOTE, Math.max(this.#from, this.#quoteScanned))
      this.#quote = at
      this.#quoteScanned = at < 0 ? this.#to : at
    }
    return this.#quote >= 0 && this.#quote < position
  }

  /** Line ends in the quotes of the record that ends at `end`. */
  #lineEndsBefore(end: number): number {
    if (this.#secondLine < 0) return 0
    const { bytes } = this
    let count = 1
    for (let at = bytes.indexOf(LF, this.#secondLine); at >= 0 && at < end; at = bytes.indexOf(LF, at + 1)) count++
    return count
  }

  /** Walks on to the line end that isn't inside quotes. A quote opens only where a field begins. */
  #walk(delimiter: number): number {
    const { bytes } = this
    let state = this.#state
    let at = this.#scanned
    for (; at < this.#to; at++) {
      const byte = bytes[at]!
      if (state === QUOTED) {
        if (byte === QUOTE) state = AFTER_QUOTE
        else if (byte === LF) {
          if (this.#secondLine < 0) this.#secondLine = at + 1
          if (at >= this.#openFrom && at < this.#openTo) {
            at = this.#openTo - 1
            state = this.#openState
          }
        }
      } else if (byte === LF) break
      else if (byte === delimiter) state = FIELD_START
      else if (byte === QUOTE && state !== PLAIN) state = QUOTED
      else state = PLAIN
    }
    this.#state = state
    this.#scanned = at
    return at < this.#to ? at : -1
  }
}
