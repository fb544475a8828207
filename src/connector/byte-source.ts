import { eventInvalid, optionInvalid, show } from '../errors.ts'
import type { Schema } from '../schema/schema.ts'
import { nextTurn } from '../time/turn.ts'
import { AbortGate } from './abort-gate.ts'
import { type CsvDecoderOptions, csvDecoder } from './csv-decoder.ts'
import type { Decoder, DecoderOptions } from './decoder.ts'
import { goesOn } from './goes-on.ts'
import { untilAborted } from './iterable-source.ts'
import { ndjsonDecoder } from './ndjson-decoder.ts'
import { chunksOf } from './readable-stream-source.ts'
import type { Source, SourceIntake, SourceMetadata } from './source.ts'

/** Bytes as they come: text counts as its UTF-8. */
export type BytePiece = Uint8Array | ArrayBuffer | string

/** Where bytes come from: at once, in pieces, over time; a function opens it anew for every run. */
export type ByteInput =
  | BytePiece
  | Iterable<BytePiece>
  | AsyncIterable<BytePiece>
  | ReadableStream<BytePiece>
  | (() => ByteInput)

interface NamedSource {
  /** The name in errors and metrics. */
  readonly name?: string
}

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
  return new ByteSource(input, options.name ?? 'ndjson', 'ndjson', schema, of => ndjsonDecoder(of, options))
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
  return new ByteSource(input, options.name ?? 'csv', 'csv', schema, of => csvDecoder(of, options))
}

class ByteSource implements Source<never> {
  readonly #input: ByteInput
  readonly #name: string
  readonly #kind: string
  readonly #schema: Schema | undefined
  readonly #makeDecoder: (schema: Schema) => Decoder
  #decoder: Decoder | undefined

  constructor(
    input: ByteInput,
    name: string,
    kind: string,
    schema: Schema | undefined,
    makeDecoder: (schema: Schema) => Decoder,
  ) {
    this.#input = input
    this.#name = name
    this.#kind = kind
    this.#schema = schema
    this.#makeDecoder = makeDecoder
    // Wrong options shall be told where they are written, not when the job runs.
    if (schema) makeDecoder(schema)
  }

  get metadata(): SourceMetadata {
    return {
      name: this.#name,
      kind: this.#kind,
      ...(this.#schema ? { schema: this.#schema } : {}),
      offset: this.#decoder?.offset ?? 0,
      replayable: typeof this.#input === 'function' || typeof this.#input === 'string' || isBytes(this.#input),
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
    const decoder = this.#makeDecoder(schema)
    this.#decoder = decoder
    const gate = new AbortGate(intake.signal)
    try {
      for await (const piece of untilAborted(piecesOf(this.#input), intake.signal)) {
        const bytes = toBytes(piece)
        for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
          decoder.feed(bytes.subarray(at, at + SLICE_BYTES))
          if (!(await drain(decoder, intake, gate))) return
          await nextTurn()
        }
      }
      if (intake.signal.aborted) return
      decoder.finish()
      await drain(decoder, intake, gate)
    } finally {
      gate.close()
    }
  }
}

/** Hands over what can be decoded; false when the signal aborted. */
async function drain(decoder: Decoder, intake: SourceIntake<never>, gate: AbortGate): Promise<boolean> {
  const reject: SourceIntake['reject'] = error => intake.reject(error)
  for (let block = decoder.next(reject); block; block = decoder.next(reject)) {
    const isOpen = goesOn(intake.pushColumns(block), gate)
    if (isOpen !== true && !(await isOpen)) return false
    if (intake.signal.aborted) return false
  }
  return !intake.signal.aborted
}

function piecesOf(input: ByteInput): AsyncIterable<BytePiece> {
  if (typeof input === 'function') return piecesOf(input())
  if (typeof input === 'string' || isBytes(input)) return each([input])
  if (typeof input === 'object' && input !== null) {
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

function isBytes(input: unknown): input is Uint8Array | ArrayBuffer {
  return input instanceof Uint8Array || input instanceof ArrayBuffer
}

function toBytes(piece: BytePiece): Uint8Array {
  if (piece instanceof Uint8Array) return piece
  if (typeof piece === 'string') return new TextEncoder().encode(piece)
  if (piece instanceof ArrayBuffer) return new Uint8Array(piece)
  throw eventInvalid(`a piece of the input is ${show(piece)}, and must be a Uint8Array, an ArrayBuffer or text`, {
    value: piece,
  })
}
