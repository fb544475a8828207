import type { StateReader } from '../checkpoint/state-reader.ts'
import type { StateWriter } from '../checkpoint/state-writer.ts'
import { type EventfluxError, optionInvalid, show, sourceFailed } from '../errors.ts'
import { checkOptions, type OptionNames } from '../options.ts'
import { Schema } from '../schema/schema.ts'
import { nextTurn } from '../time/turn.ts'
import { ABORTED, AbortGate } from './abort-gate.ts'
import { type CsvDecoderOptions, csvDecoder } from './csv-decoder.ts'
import type { Decoder, DecoderOptions, DecoderPosition } from './decoder.ts'
import { goesOn } from './goes-on.ts'
import { untilAborted } from './iterable-source.ts'
import { ndjsonDecoder } from './ndjson-decoder.ts'
import { type BytePiece, PieceBytes } from './piece-bytes.ts'
import { chunksOf } from './readable-stream-source.ts'
import type { Source, SourceIntake, SourceMetadata } from './source.ts'

/** Bytes that are there to be read again, from anywhere. */
interface SeekableBytes {
  /** Those behind the first `offset`. */
  open(offset: number): ByteInput
}

/**
 * Where bytes come from: at once, in pieces, over time; a function opens it anew for every run. What can be opened anew has
 * positions for checkpoints; the bytes in front of one are read and passed over, but for those that are seekable.
 */
export type ByteInput =
  | BytePiece
  | Iterable<BytePiece>
  | AsyncIterable<BytePiece>
  | ReadableStream<BytePiece>
  | (() => ByteInput)
  | SeekableBytes

interface NamedSource {
  /** The name in errors and metrics. */
  readonly name?: string
}

const NDJSON: OptionNames<DecoderOptions & NamedSource> = { name: true, maxLineBytes: true, timestamps: true }
const CSV: OptionNames<CsvDecoderOptions & NamedSource> = { ...NDJSON, delimiter: true, header: true, columns: true }

/** Bytes decoded at a time, between two turns of the event loop. */
const SLICE_BYTES = 65_536

/**
 * Newline-delimited JSON as a source.
 *
 * @param schema default: the schema of the pipeline it feeds.
 * @example
 * const response = await fetch('https://example.org/events.ndjson')
 * const events = ndjsonSource(response.body!, schema({ time: timestamp(), user: utf8() }))
 */
export function ndjsonSource(
  input: ByteInput,
  schema?: Schema,
  options: DecoderOptions & NamedSource = {},
): Source<never> {
  checkOptions('ndjsonSource', options, NDJSON)
  return new ByteSource(input, options.name ?? 'ndjson', 'ndjson', schema, (of, from) =>
    ndjsonDecoder(of, options, from),
  )
}

/**
 * CSV (RFC 4180) as a source.
 *
 * @param schema default: the schema of the pipeline it feeds.
 * @example
 * const readings = csvSource('time,value\n0,1.5\n', schema({ time: timestamp(), value: f64() }))
 */
export function csvSource(
  input: ByteInput,
  schema?: Schema,
  options: CsvDecoderOptions & NamedSource = {},
): Source<never> {
  checkOptions('csvSource', options, CSV)
  return new ByteSource(input, options.name ?? 'csv', 'csv', schema, (of, from) => csvDecoder(of, options, from))
}

type MakeDecoder = (schema: Schema, from: DecoderPosition | undefined) => Decoder

class ByteSource implements Source<never> {
  readonly snapshot?: (writer: StateWriter, rows: number) => void
  readonly restore?: (reader: StateReader) => void
  readonly #input: ByteInput
  readonly #name: string
  readonly #kind: string
  readonly #schema: Schema | undefined
  readonly #makeDecoder: MakeDecoder
  readonly #isReplayable: boolean
  #decoder: Decoder | undefined
  #from: DecoderPosition | undefined
  /** In front of the block that was handed over last, and the rows handed over before it: these are all taken in. */
  #mark: DecoderPosition | undefined
  #rows = 0

  constructor(input: ByteInput, name: string, kind: string, schema: Schema | undefined, makeDecoder: MakeDecoder) {
    if (schema !== undefined && !(schema instanceof Schema))
      throw optionInvalid(`${kind} is decoded by a schema, its second argument: ${show(schema)} is none`, {
        value: schema,
        at: 'schema',
      })
    this.#input = input
    this.#name = name
    this.#kind = kind
    this.#schema = schema
    this.#makeDecoder = makeDecoder
    this.#isReplayable = typeof input === 'function' || typeof input === 'string' || isBytes(input) || isSeekable(input)
    if (this.#isReplayable) {
      this.snapshot = (writer, rows) => this.#writePosition(writer, rows)
      this.restore = reader => {
        this.#from = readPosition(reader)
        this.#mark = this.#from
      }
    }
    // Wrong options shall be told where they are written, not when the job runs.
    if (schema) makeDecoder(schema, undefined)
  }

  get metadata(): SourceMetadata {
    return {
      name: this.#name,
      kind: this.#kind,
      ...(this.#schema ? { schema: this.#schema } : {}),
      offset: this.#decoder?.offset ?? this.#from?.offset ?? 0,
      replayable: this.#isReplayable,
      bounded: true,
    }
  }

  async run(intake: SourceIntake<never>): Promise<void> {
    const schema = this.#schema ?? intake.schema
    if (!schema) {
      throw optionInvalid(`source "${this.#name}" needs a schema to decode by: give it as second argument`, {
        at: this.#name,
      })
    }
    const decoder = this.#makeDecoder(schema, this.#from)
    this.#decoder = decoder
    const gate = new AbortGate(intake.signal)
    const pieces = new PieceBytes()
    try {
      for await (const piece of untilAborted(piecesFrom(this.#input, this.#from?.offset ?? 0), intake.signal)) {
        const bytes = pieces.of(piece)
        for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
          decoder.feed(bytes.subarray(at, at + SLICE_BYTES))
          if (!(await this.#drain(decoder, intake, gate))) return
          await nextTurn()
        }
      }
      if (intake.signal.aborted) return
      decoder.feed(pieces.rest())
      decoder.finish()
      await this.#drain(decoder, intake, gate)
    } finally {
      gate.close()
    }
  }

  /** Hands over what can be decoded; false when the signal aborted. */
  async #drain(decoder: Decoder, intake: SourceIntake<never>, gate: AbortGate): Promise<boolean> {
    let letters: Promise<void> | undefined
    const reject = (error: EventfluxError): void => {
      letters = intake.reject(error) ?? letters
    }
    for (;;) {
      const mark = decoder.position
      const { rows } = decoder
      const block = decoder.next(reject)
      if (letters !== undefined && (await gate.wait(letters)) === ABORTED) return false
      letters = undefined
      if (block === undefined) return !intake.signal.aborted
      this.#mark = mark
      this.#rows = rows
      const isOpen = goesOn(intake.pushColumns(block), gate)
      if (isOpen !== true && !(await isOpen)) return false
      if (intake.signal.aborted) return false
    }
  }

  #writePosition(writer: StateWriter, rows: number): void {
    const { offset, line, isInBrokenLine, header, rows: passed } = this.#mark ?? START
    writer.f64(offset)
    writer.f64(line)
    writer.bool(isInBrokenLine)
    writer.value(header)
    writer.f64(passed + rows - this.#rows)
  }
}

const START: DecoderPosition = { offset: 0, line: 1, isInBrokenLine: false, header: undefined, rows: 0 }

function readPosition(reader: StateReader): DecoderPosition {
  const offset = reader.amount()
  const line = reader.amount()
  const isInBrokenLine = reader.bool()
  const header = reader.value()
  if (header !== undefined && !(Array.isArray(header) && header.every(name => typeof name === 'string')))
    reader.refuse('what a header names is no list of names')
  return { offset, line, isInBrokenLine, header, rows: reader.amount() }
}

/** The pieces of an input that hold the bytes behind the first `offset`. */
function piecesFrom(input: ByteInput, offset: number): AsyncIterable<BytePiece> {
  if (offset === 0 || isSeekable(input)) return piecesOf(input, offset)
  return behind(piecesOf(input, 0), offset)
}

/** The bytes behind the first `offset` of some pieces. */
export async function* behind(
  pieces: AsyncIterable<BytePiece>,
  offset: number,
): AsyncGenerator<Uint8Array, void, void> {
  const joined = new PieceBytes()
  let left = offset
  const kept = (bytes: Uint8Array): Uint8Array => {
    const behind = bytes.subarray(left)
    left = Math.max(0, left - bytes.length)
    return behind
  }
  for await (const piece of pieces) {
    const bytes = kept(joined.of(piece))
    if (bytes.length > 0) yield bytes
  }
  const bytes = kept(joined.rest())
  if (bytes.length > 0) yield bytes
  if (left > 0)
    throw sourceFailed(`the input has ${offset - left} bytes, and had been read up to ${offset}`, { value: offset })
}

function piecesOf(input: ByteInput, offset: number): AsyncIterable<BytePiece> {
  if (typeof input === 'function') return piecesOf(input(), offset)
  if (typeof input === 'string' || isBytes(input)) return each([input])
  if (typeof input === 'object' && input !== null) {
    if (isSeekable(input)) return piecesOf(input.open(offset), 0)
    if ('getReader' in input) return chunksOf(input)
    if (Symbol.asyncIterator in input) return input
    if (Symbol.iterator in input) return each(input)
  }
  throw optionInvalid(
    `${show(input)} isn't a source of bytes: use a Uint8Array, text, an iterable of them or a ReadableStream`,
    { value: input },
  )
}

async function* each(pieces: Iterable<BytePiece>): AsyncGenerator<BytePiece, void, void> {
  yield* pieces
}

function isSeekable(input: ByteInput): input is SeekableBytes {
  return typeof input === 'object' && input !== null && 'open' in input && typeof input.open === 'function'
}

function isBytes(input: unknown): input is Uint8Array | ArrayBuffer {
  return input instanceof Uint8Array || input instanceof ArrayBuffer
}
