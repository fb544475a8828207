import { decodeFailed, type EventfluxError, show } from '../errors.ts'
import { inherited } from '../memory/inherited.ts'
import type { FieldSpec } from '../plan/logical-node.ts'
import type { StoredTypeName } from '../schema/data-type.ts'

/**
 * A recording is lines of JSON. The first is `{"recording":1,"startMs":…,"columns":[{"name","type","nullable"}…]}`; each
 * of the others says what came, when, and into which input:
 *
 *     {"at":17,"input":"trades","is":"open"}                   the input is there
 *     {"at":17,"input":"trades","event":{"id":"9007199254740993","price":"NaN"}}
 *     {"at":18,"input":"trades","invalid":"line 7 isn't JSON"}  what never became an event, and was passed over
 *     {"at":20,"input":"trades","is":"ended"}
 *
 * Values are written by the type of their column: `i64` as text of digits, NaN and the infinities as texts, null by
 * leaving it out. `at` is milliseconds since the epoch and never goes back.
 */
const FORMAT_VERSION = 1

type Event = Readonly<Record<string, unknown>>

/** What came into an input. */
export type Entry = { readonly at: number; readonly input: string } & (
  | { readonly event: Event }
  | { readonly invalid: string }
  | { readonly is: 'open' | 'ended' }
)

interface Header {
  readonly startMs: number
  readonly columns: readonly FieldSpec[]
}

/** Longest line, in UTF-16 code units. */
const MAX_LINE_LENGTH = 2 ** 26
/** Longest piece of a line that an error carries. */
const SHOWN_LENGTH = 4_096

export function writeHeader({ startMs, columns }: Header): string {
  return JSON.stringify({ recording: FORMAT_VERSION, startMs, columns })
}

/** @param content The rest of the line, from its third name on. */
export const writeEntry = (at: number, input: string, content: string): string =>
  `{"at":${at},"input":${JSON.stringify(input)},${content}}`

/** The text of an event; undefined for one that doesn't fit the columns. */
export function writeEvent(columns: readonly FieldSpec[], event: unknown): string | undefined {
  if (typeof event !== 'object' || event === null) return undefined
  const parts: string[] = []
  for (const { name, type, nullable } of columns) {
    const value = (event as Event)[name]
    if (value === null || value === undefined || value === inherited(name)) {
      if (!nullable) return undefined
      continue
    }
    const text = writeValue(type as StoredTypeName, value)
    if (text === undefined) return undefined
    parts.push(`${JSON.stringify(name)}:${text}`)
  }
  return `{${parts.join(',')}}`
}

function writeValue(type: StoredTypeName, value: unknown): string | undefined {
  if (!isOfType(type, value)) return undefined
  if (typeof value === 'bigint') return `"${value}"`
  if (typeof value !== 'number') return JSON.stringify(value)
  if (!Number.isFinite(value)) return `"${value}"`
  return Object.is(value, -0) ? '-0' : String(value)
}

const SPECIAL_NUMBERS: ReadonlyMap<unknown, number> = new Map(
  [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(number => [String(number), number]),
)

/** The value that was written; undefined when it is none of this type. */
function readValue(type: StoredTypeName, written: unknown): unknown {
  let value = written
  if (type === 'f64' || type === 'f32') value = SPECIAL_NUMBERS.get(written) ?? written
  else if (type === 'i64' && typeof written === 'string' && /^-?\d{1,19}$/.test(written)) value = BigInt(written)
  return isOfType(type, value) ? value : undefined
}

function isOfType(type: StoredTypeName, value: unknown): boolean {
  switch (type) {
    case 'f64':
    case 'f32':
      return typeof value === 'number'
    case 'i32':
      return typeof value === 'number' && value === (value | 0)
    case 'u32':
      return typeof value === 'number' && value === value >>> 0
    case 'timestamp':
      return Number.isSafeInteger(value)
    case 'i64':
      return typeof value === 'bigint' && value === BigInt.asIntN(64, value)
    case 'bool':
      return typeof value === 'boolean'
    case 'utf8':
      return typeof value === 'string'
  }
}

/** Reads a recording line by line, and checks that it hangs together. */
export class RecordingReader {
  readonly #columns: readonly FieldSpec[]
  readonly #open = new Map<string, boolean>()
  #line = 0
  #startMs: number | undefined
  #atMs = 0

  /** @param columns Those of the pipeline it is for. */
  constructor(columns: readonly FieldSpec[]) {
    this.#columns = columns
  }

  /** Every input there was, and whether it is still open. */
  get inputs(): ReadonlyMap<string, boolean> {
    return this.#open
  }

  /**
   * What a line says; undefined for the header and blank lines.
   *
   * @throws EventfluxError `DECODE_FAILED` for a line that can't be read, with its number in `at`.
   */
  read(text: string): Entry | undefined {
    this.#line++
    if (this.#startMs === undefined) {
      this.#readHeader(this.#parse(text), text)
      return undefined
    }
    if (text.trim() === '') return undefined
    const line = this.#parse(text)
    const { at, input } = line
    if (!Number.isSafeInteger(at) || (at as number) < this.#atMs)
      throw this.#broken(`holds ${show(at)} as "at", which is no instant from ${this.#atMs} on`, text)
    if (typeof input !== 'string' || input === '') throw this.#broken(`names no input, but ${show(input)}`, text)
    this.#atMs = at as number
    const names = Object.keys(line)
    const content =
      names.length === 3 ? names.find(name => name === 'event' || name === 'invalid' || name === 'is') : undefined
    if (content === undefined)
      throw this.#broken('needs "at", "input" and one of "event", "invalid" and "is", and nothing else', text)
    return { at: this.#atMs, input, ...this.#readContent(content, line[content], input, text) } as Entry
  }

  /**
   * What the clock showed at the beginning, when every line is read.
   *
   * @throws EventfluxError `DECODE_FAILED` when there was none.
   */
  finish(): number {
    if (this.#startMs !== undefined) return this.#startMs
    this.#line = 1
    throw this.#broken('is missing: a recording begins with its header', '')
  }

  #readContent(name: string, value: unknown, input: string, text: string): object {
    const isOpen = this.#open.get(input)
    if (name === 'is') {
      if (value !== 'open' && value !== 'ended') throw this.#broken(`holds ${show(value)} as "is"`, text)
      if (isOpen !== (value === 'open' ? undefined : true))
        throw this.#broken(
          `says that the input ${show(input)} is ${value}, which it ${value === 'open' ? 'was' : 'was not'} before`,
          text,
        )
      this.#open.set(input, value === 'open')
      return { is: value }
    }
    if (isOpen !== true) throw this.#broken(`is about the input ${show(input)}, which is not open`, text)
    if (name === 'event') return { event: this.#readEvent(value, text) }
    if (typeof value !== 'string') throw this.#broken(`holds ${show(value)} as "invalid"`, text)
    return { invalid: value }
  }

  #readHeader(line: Event, text: string): void {
    const { recording, startMs, columns } = line
    if (recording !== FORMAT_VERSION || !Number.isSafeInteger(startMs))
      throw this.#broken(`is no header of a recording of version ${FORMAT_VERSION}`, text)
    const [mine, theirs] = [JSON.stringify(this.#columns), JSON.stringify(columns)]
    if (mine !== theirs)
      throw this.#broken(`tells of the columns ${show(theirs)}, where the pipeline has ${show(mine)}`, text)
    this.#startMs = this.#atMs = startMs as number
  }

  #readEvent(value: unknown, text: string): Event {
    if (!isObject(value)) throw this.#broken(`holds ${show(value)} as "event"`, text)
    const event: Record<string, unknown> = {}
    let known = 0
    for (const { name, type, nullable } of this.#columns) {
      if (!Object.hasOwn(value, name)) {
        if (!nullable) throw this.#broken(`has no value for the column ${show(name)}`, text)
        event[name] = null
        continue
      }
      known++
      const read = readValue(type as StoredTypeName, value[name])
      if (read === undefined)
        throw this.#broken(`holds ${show(value[name])} in the column ${show(name)}, which is no ${type}`, text)
      event[name] = read
    }
    if (known !== Object.keys(value).length) throw this.#broken('has a column that the pipeline lacks', text)
    return event
  }

  #parse(text: string): Event {
    if (text.length > MAX_LINE_LENGTH) throw this.#broken(`is longer than ${MAX_LINE_LENGTH} characters`, text)
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch (error) {
      throw this.#broken(`isn't JSON: ${(error as Error).message}`, text)
    }
    if (!isObject(parsed)) throw this.#broken(`holds ${show(parsed)} instead of an object`, text)
    return parsed
  }

  #broken(what: string, text: string): EventfluxError {
    return decodeFailed(`line ${this.#line} ${what}`, { at: `line ${this.#line}`, value: text.slice(0, SHOWN_LENGTH) })
  }
}

const isObject = (value: unknown): value is Event =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
