import { checkOptions, type OptionNames } from '../options.ts'
import { checkedDelimiter } from './csv-decoder.ts'
import { encodeCsv, encodeCsvHeader } from './csv-encoder.ts'
import { encodeNdjson } from './ndjson-encoder.ts'
import type { Sink } from './sink.ts'
import { type SinkLike, toSink } from './to-sink.ts'

interface TextSinkOptions {
  /** The name in errors and metrics. */
  readonly name?: string
  /** Characters collected before they are written, default 65,536. What is left is written on flush and close. */
  readonly chunkChars?: number
}

interface CsvSinkOptions extends TextSinkOptions {
  /** The columns, in order. Default: the keys of the first row. */
  readonly fields?: readonly string[]
  /**
   * Whether the first record names the columns. Default true. Where no row comes it stands alone, if `fields` says what
   * the columns are.
   */
  readonly header?: boolean
  /** One ASCII character, default `,`. */
  readonly delimiter?: string
}

const TEXT: OptionNames<TextSinkOptions> = { name: true, chunkChars: true }
const CSV: OptionNames<CsvSinkOptions> = { ...TEXT, fields: true, header: true, delimiter: true }

/**
 * Writes rows as newline-delimited JSON, in chunks of UTF-8 bytes, to a WritableStream, a Node stream (`toWritable`), a
 * function or an array.
 *
 * @example
 * const chunks: Uint8Array[] = []
 * const sink = ndjsonSink<{ total: number }>(chunks)
 */
export function ndjsonSink<R extends object>(output: SinkLike<Uint8Array>, options: TextSinkOptions = {}): Sink<R> {
  checkOptions('ndjsonSink', options, TEXT)
  return textSink(output, options.name ?? 'ndjson', options, { line: row => `${encodeNdjson(row)}\n` })
}

/**
 * Writes rows as CSV (RFC 4180, lines end in LF), in chunks of UTF-8 bytes, to a WritableStream, a Node stream
 * (`toWritable`), a function or an array.
 *
 * @example
 * const chunks: Uint8Array[] = []
 * const sink = csvSink<{ user: string; total: number }>(chunks, { fields: ['user', 'total'] })
 */
export function csvSink<R extends object>(output: SinkLike<Uint8Array>, options: CsvSinkOptions = {}): Sink<R> {
  checkOptions('csvSink', options, CSV)
  const { header = true, delimiter = ',' } = options
  checkedDelimiter(delimiter)
  return textSink(output, options.name ?? 'csv', options, new CsvText<R>(options.fields, header, delimiter))
}

/** Rows as text. */
interface TextEncoding<R> {
  /** What stands in front of the first row, or alone where there is none: once, and nothing where it hangs on a row. */
  head?(first?: R): string
  line(row: R): string
  /** What has gone before, which an output that goes on there need not be told again. */
  before?: unknown
}

class CsvText<R extends object> implements TextEncoding<R> {
  readonly #header: boolean
  readonly #delimiter: string
  #fields: readonly string[] | undefined
  #isFirst = true

  constructor(fields: readonly string[] | undefined, header: boolean, delimiter: string) {
    this.#fields = fields
    this.#header = header
    this.#delimiter = delimiter
  }

  /** The columns of the rows so far, null before the first. */
  get before(): unknown {
    return this.#isFirst ? null : this.#fields
  }

  set before(fields: unknown) {
    this.#isFirst = !Array.isArray(fields)
    if (Array.isArray(fields)) this.#fields ??= fields.map(String)
  }

  head(first?: R): string {
    const fields = first === undefined ? this.#fields : this.#fieldsOf(first)
    if (!this.#isFirst || fields === undefined) return ''
    this.#isFirst = false
    return this.#header ? `${encodeCsvHeader(fields, this.#delimiter)}\n` : ''
  }

  line(row: R): string {
    return `${encodeCsv(row, this.#fieldsOf(row), this.#delimiter)}\n`
  }

  #fieldsOf(row: R): readonly string[] {
    return (this.#fields ??= Object.keys(row))
  }
}

function textSink<R extends object>(
  output: SinkLike<Uint8Array>,
  name: string,
  { chunkChars = 65_536 }: TextSinkOptions,
  encoding: TextEncoding<R>,
): Sink<R> {
  const target = toSink(output)
  const encoder = new TextEncoder()
  let text = ''
  const inFlight = new Set<Promise<void>>()
  const begin = (): void => {
    text += encoding.head?.() ?? ''
  }
  /** Hands on what was collected. What is not taken waits here: all of it, or `kept`, where others give the rest again. */
  const handOn = (kept = text): void | Promise<void> => {
    if (text === '') return
    const bytes = encoder.encode(text)
    text = ''
    const refused = (error: unknown): never => {
      text = kept + text
      throw error
    }
    try {
      const taken = target.write(bytes)
      if (taken === undefined) return
      const write = taken.catch(refused).finally(() => inFlight.delete(write))
      inFlight.add(write)
      return write
    } catch (error) {
      refused(error)
    }
  }
  return {
    name,
    write(row) {
      const before = text + (encoding.head?.(row) ?? '')
      text = before
      text += encoding.line(row)
      // Whether a row that makes a write fail is given again is up to the policy; those before it were taken.
      if (text.length >= chunkChars) return handOn(before)
    },
    async flush() {
      await handOn()
      await target.flush?.()
    },
    async close(failure) {
      try {
        if (failure === undefined) begin()
        await handOn()
      } finally {
        await target.close?.(failure)
      }
    },
    ...(target.prepare && {
      async prepare(id) {
        begin()
        const { before } = encoding
        // A flush may be on its way: what it fails on would be missing from what is prepared.
        const writes = [...inFlight, handOn()]
        const [prepared] = await Promise.all([target.prepare!(id), ...writes])
        return { before, prepared }
      },
      commit(id, given) {
        const { before, prepared } = (given ?? {}) as { readonly before?: unknown; readonly prepared?: unknown }
        if (before !== undefined && encoding.before === null) encoding.before = before
        return target.commit?.(id, prepared)
      },
      abort: id => target.abort?.(id),
    }),
  }
}
