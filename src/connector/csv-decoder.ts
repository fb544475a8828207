import { decodeFailed, optionInvalid, show } from '../errors.ts'
import { checkSchema, type Schema } from '../schema/schema.ts'
import type { ColumnStage } from './column-stage.ts'
import { readCell } from './csv-cell.ts'
import {
  type Decoder,
  type DecoderOptions,
  type DecoderPosition,
  RecordDecoder,
  type RecordOutcome,
  type RecordReader,
} from './decoder.ts'
import { SpanText } from './span-text.ts'

const QUOTE = 34
/** Columns a file may have: a guard against headers that are no headers. */
const MAX_FILE_COLUMNS = 16_384

/** How CSV is written, beyond RFC 4180. */
export interface CsvDecoderOptions extends DecoderOptions {
  /** One ASCII character, default `,`. */
  readonly delimiter?: string
  /**
   * Whether the first record names the columns. Default: true, or false when `columns` is given. Columns of the file
   * that the schema lacks are passed over; nullable columns that the file lacks are null.
   */
  readonly header?: boolean
  /** The names of the file's columns, in order, instead of those in its header. */
  readonly columns?: readonly string[]
}

/**
 * Decodes CSV (RFC 4180) into columns: quoted fields with delimiters, line ends and doubled quotes in them, LF and
 * CRLF, an optional byte order mark. Blank lines are passed over unless the file has one column only, which may be
 * empty. A line with too few or too many fields is an error.
 *
 * @param from where to go on; default: at the start.
 * @throws EventfluxError `OPTION_INVALID`
 * @example
 * const decoder = csvDecoder(schema({ time: timestamp(), value: f64() }), { timestamps: 'iso' })
 */
export function csvDecoder(schema: Schema, options: CsvDecoderOptions = {}, from?: DecoderPosition): Decoder {
  checkSchema('csvDecoder', schema)
  const delimiter = checkedDelimiter(options.delimiter ?? ',')
  return new RecordDecoder({
    schema,
    decoding: options,
    delimiter,
    from,
    reader: stages => new CsvReader(stages, delimiter, options, from?.header),
  })
}

class CsvReader implements RecordReader {
  readonly #delimiter: number
  readonly #stages: readonly ColumnStage[]
  readonly #reading: { readonly text: SpanText; readonly isIso: boolean }
  #awaitsHeader: boolean
  /** For each column of the file the stage it goes to. */
  #targets: readonly (ColumnStage | undefined)[] = []
  /** Nullable columns the file doesn't have. */
  #absent: readonly ColumnStage[] = []
  #takesBlank = false
  #unquoted = new Uint8Array(256)
  /** Where the field last unquoted ends: at a delimiter or at the end of the record. */
  #afterQuoted = 0

  #names: readonly string[] = []

  /** @param header what the file's header said, where it has been read. */
  constructor(
    stages: readonly ColumnStage[],
    delimiter: number,
    options: CsvDecoderOptions,
    header: readonly string[] | undefined,
  ) {
    const columns = header ?? options.columns
    const awaitsHeader = header === undefined && (options.header ?? columns === undefined)
    this.#stages = stages
    this.#delimiter = delimiter
    this.#reading = { text: new SpanText(), isIso: options.timestamps === 'iso' }
    this.#awaitsHeader = awaitsHeader
    if (columns || !awaitsHeader) {
      const problem = this.#assign(columns ?? stages.map(stage => stage.name))
      if (problem) throw optionInvalid(`columns ${problem}`, { value: columns })
    }
  }

  get header(): readonly string[] | undefined {
    return this.#awaitsHeader ? undefined : this.#names
  }

  read(bytes: Uint8Array, start: number, end: number, row: number, line: number): RecordOutcome {
    if (this.#awaitsHeader) {
      if (start === end) return false
      this.#awaitsHeader = false
      if (this.#targets.length === 0) this.#readHeader(bytes, start, end, line)
      return false
    }
    if (start === end && !this.#takesBlank) return false
    for (const stage of this.#absent) stage.setNull(row)
    return this.#readRow(bytes, start, end, row)
  }

  #readRow(bytes: Uint8Array, start: number, end: number, row: number): RecordOutcome {
    const delimiter = this.#delimiter
    const targets = this.#targets
    let at = start
    let index = 0
    for (; ; index++) {
      let next = at
      let problem: string | undefined
      if (at < end && bytes[at] === QUOTE) {
        const length = this.#unquote(bytes, at, end)
        if (length < 0) return 'has something else after the closing quote of a field'
        next = this.#afterQuoted
        const stage = targets[index]
        if (stage) problem = readCell(stage, row, this.#unquoted, 0, length, true, this.#reading)
      } else {
        while (next < end && bytes[next] !== delimiter) next++
        const stage = targets[index]
        if (stage) problem = readCell(stage, row, bytes, at, next, false, this.#reading)
      }
      if (problem !== undefined) return problem
      if (next >= end) break
      at = next + 1
    }
    const fields = index + 1
    return fields === targets.length || `has ${fields} field${fields === 1 ? '' : 's'} instead of ${targets.length}`
  }

  /** Copies the content of the quoted field at `start`, doubled quotes halved; its length, or -1 when it is malformed. */
  #unquote(bytes: Uint8Array, start: number, end: number): number {
    if (this.#unquoted.length < end - start) this.#unquoted = new Uint8Array((end - start) * 2)
    const into = this.#unquoted
    let length = 0
    let at = start + 1
    for (; at < end; at++) {
      if (bytes[at] === QUOTE) {
        if (at + 1 >= end || bytes[at + 1] !== QUOTE) break
        at++
      }
      into[length++] = bytes[at]!
    }
    this.#afterQuoted = at + 1
    return at + 1 >= end || bytes[at + 1] === this.#delimiter ? length : -1
  }

  #readHeader(bytes: Uint8Array, start: number, end: number, line: number): void {
    const names: string[] = []
    for (let at = start; ; ) {
      let next = at
      let name: string | undefined
      if (at < end && bytes[at] === QUOTE) {
        const length = this.#unquote(bytes, at, end)
        name = length < 0 ? undefined : this.#reading.text.read(this.#unquoted, 0, length)
        next = this.#afterQuoted
      } else {
        while (next < end && bytes[next] !== this.#delimiter) next++
        name = this.#reading.text.read(bytes, at, next)
      }
      if (name === undefined) {
        throw decodeFailed(`line ${line}, the header, has a name that can't be read`, { at: `line ${line}` })
      }
      names.push(name)
      if (next >= end) break
      at = next + 1
    }
    const problem = this.#assign(names)
    if (problem) throw decodeFailed(`line ${line}, the header, ${problem}`, { at: `line ${line}`, value: names })
  }

  /** Decides where the file's columns go; says what is wrong with them. */
  #assign(names: readonly string[]): string | undefined {
    if (names.length > MAX_FILE_COLUMNS) return `names ${names.length} columns, and ${MAX_FILE_COLUMNS} is the most`
    const byName = new Map(this.#stages.map(stage => [stage.name, stage]))
    const targets = names.map(name => byName.get(name))
    const present = new Set<ColumnStage>()
    for (const stage of targets) {
      if (stage && present.has(stage)) return `names the column "${stage.name}" twice`
      if (stage) present.add(stage)
    }
    this.#absent = this.#stages.filter(stage => !present.has(stage))
    const missing = this.#absent.find(stage => !stage.isNullable)
    if (missing) return `lacks the column "${missing.name}"; there is ${names.slice(0, 20).map(show).join(', ')}`
    this.#targets = targets
    this.#names = names
    const only = this.#targets.length === 1 ? this.#targets[0] : undefined
    this.#takesBlank = only !== undefined && (only.isNullable || only.type === 'utf8')
    return undefined
  }
}

/** The byte of a delimiter. @throws EventfluxError `OPTION_INVALID` */
export function checkedDelimiter(delimiter: string): number {
  const code = typeof delimiter === 'string' && delimiter.length === 1 ? delimiter.charCodeAt(0) : 0
  if (code < 1 || code > 126 || /[\w"\r\n.+-]/.test(delimiter)) {
    throw optionInvalid(`delimiter is ${show(delimiter)} and must be one ASCII character that no number holds`, {
      value: delimiter,
    })
  }
  return code
}
