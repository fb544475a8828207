import { optionInvalid, show } from '../../errors.ts'
import { type Duration, durationMs } from '../duration.ts'

/**
 * Which events a row window puts out: rows as they enter its content (`'current'`, the default), as they leave it
 * (`'expired'`), or both. Aggregates see both in any case.
 */
export type WindowOutput = 'current' | 'expired' | 'all'

/**
 * What aggregates of a batch put out: the last row (of each group, in the order the groups came up), or every row with
 * the aggregates as they ran.
 */
export type BatchRows = 'last' | 'all'

/** Options every row window has. */
export interface OutputOptions<O extends WindowOutput> {
  /** `'current'` by default. */
  readonly output?: O
}

/** Options of the windows that put out their rows in batches. */
export interface BatchOptions<O extends WindowOutput> extends OutputOptions<O> {
  /** `'last'` by default. Without aggregates or groups every row comes out. */
  readonly rows?: BatchRows
  /** Whether a batch that is not complete when a bounded input ends comes out all the same; `false` by default. */
  readonly emitIncomplete?: boolean
}

/** Options of the windows that take their time from the job's clock. */
export interface ClockOptions {
  /**
   * A column that is the clock instead: its time is the greatest value seen, and moves with the rows only. A
   * `timestamp()` that is never null.
   */
  readonly by?: string
}

/** Options of the windows whose rows time alone takes out. */
export interface MaxRowsOptions {
  /** Most rows held per key, past which the job fails with `STATE_FULL`; without it the rate of the input is the bound. */
  readonly maxRows?: number
}

/** The properties of a window given as data. */
export type Given = Readonly<Record<string, unknown>>

/** What a batch window's data says of its output. */
export interface BatchSpec<O extends WindowOutput> {
  readonly output: O
  readonly rows: BatchRows
  readonly emitIncomplete: boolean
}

/**
 * The options given to a window's function, all of them known ones.
 *
 * @param more Arguments beyond the last parameter.
 * @throws EventfluxError `OPTION_INVALID` for another argument, or an option the window doesn't have.
 */
export function knownOptions<T extends object>(
  kind: string,
  options: T,
  names: readonly (keyof T & string)[],
  more: readonly unknown[],
): T {
  if (more.length > 0)
    throw optionInvalid(`${kind} takes no further argument ${show(more[0])}`, { value: more[0], at: kind })
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw optionInvalid(`The options of ${kind} are an object, not ${show(options)}`, { value: options, at: kind })
  for (const name of Object.keys(options)) {
    if ((names as readonly string[]).includes(name)) continue
    throw optionInvalid(`${kind} has no option ${show(name)}, only ${names.join(', ')}`, { value: name, at: kind })
  }
  return options
}

/** A duration in milliseconds, undefined where it isn't given. */
export const optionalMs = (duration: Duration | undefined, at: string): number | undefined =>
  duration === undefined ? undefined : durationMs(duration, at)

/** A whole number of at least 1. */
export function wholeNumber(kind: string, given: Given, name: string): number {
  const value = given[name]
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number
  throw optionInvalid(`${name} of ${kind} is a whole number, at least 1, not ${show(value)}`, {
    value,
    at: name,
  })
}

/** How many rows a window holds at the most, undefined where it isn't said. */
export const mostRows = (kind: string, given: Given): number | undefined =>
  given.maxRows === undefined ? undefined : wholeNumber(kind, given, 'maxRows')

/** A length of time: more than 0 ms. */
export function positiveMs(kind: string, given: Given, name = 'lengthMs'): number {
  const value = given[name]
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number
  throw optionInvalid(`The time of ${kind} is more than 0 ms, not ${show(value)}`, { value, at: name })
}

/** An instant, undefined where it is left out. */
export function optionalInstant(kind: string, given: Given, name: string): number | undefined {
  const value = given[name]
  if (value === undefined || Number.isSafeInteger(value)) return value as number | undefined
  throw optionInvalid(`${name} of ${kind} is a whole number of milliseconds, not ${show(value)}`, { value, at: name })
}

/** true or false; false where it is left out. */
export function flag(kind: string, given: Given, name: string, otherwise = false): boolean {
  const value = given[name] ?? otherwise
  if (typeof value === 'boolean') return value
  throw optionInvalid(`${name} of ${kind} is true or false, not ${show(value)}`, { value, at: name })
}

/** The name of a column. */
export function columnName(kind: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw optionInvalid(`${kind} takes the name of a column, not ${show(value)}`, { value, at: kind })
}

/** The same where it may be left out. */
export const optionalColumn = (kind: string, value: unknown): string | undefined =>
  value === undefined ? undefined : columnName(kind, value)

/** What comes out. */
export function outputOf(kind: string, given: Given): WindowOutput {
  return oneOf(kind, given, 'output', ['current', 'expired', 'all'])
}

/** What comes out of a window of batches. */
export const batchOutputOf = (kind: string, given: Given): BatchSpec<WindowOutput> => ({
  output: outputOf(kind, given),
  rows: oneOf(kind, given, 'rows', ['last', 'all']),
  emitIncomplete: flag(kind, given, 'emitIncomplete'),
})

/** One of some words; the first where it is left out. */
export function oneOf<T extends string>(kind: string, given: Given, name: string, words: readonly T[]): T {
  const value = given[name] ?? words[0]
  if (words.includes(value as T)) return value as T
  throw optionInvalid(`${name} of ${kind} is one of ${words.join(', ')}, not ${show(value)}`, { value, at: name })
}

/** The same object without the properties that are undefined: two plans that mean the same are equal as data. */
export function frozen<T extends object>(spec: { [K in keyof T]: T[K] | undefined }): T {
  return Object.freeze(Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined))) as T
}
