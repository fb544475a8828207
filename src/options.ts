import { optionInvalid, show } from './errors.ts'

/** The names of all options of a kind. Typed so that one that is added can't be forgotten here. */
export type OptionNames<T> = Readonly<Record<T extends unknown ? keyof T : never, true>>

/**
 * For options whose type is inferred: no others than those of `T`. (What TypeScript calls excess properties is looked for
 * only where a type is given.)
 */
export type NoOthers<O, T> = { readonly [K in Exclude<keyof O, keyof T>]: never }

/**
 * Refuses an option that isn't there: a misspelt one would do nothing, and nobody would know. `undefined` are no options.
 *
 * @param owner What takes the options, as its user calls it.
 * @throws EventfluxError `OPTION_INVALID`
 */
export function checkOptions<T>(owner: string, options: unknown, names: OptionNames<T>): void {
  if (options !== undefined) checkNeededOptions(owner, options, names)
}

/** The same where some of the options have to be given. */
export function checkNeededOptions<T>(owner: string, options: unknown, names: OptionNames<T>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw optionInvalid(`The options of ${owner} are an object, not ${show(options)}`, { value: options, at: owner })
  for (const name of Object.keys(options))
    if (!Object.hasOwn(names, name))
      throw optionInvalid(`${owner} has no option ${show(name)}, only ${Object.keys(names).join(', ')}`, {
        value: name,
        at: name,
      })
}

/** @throws EventfluxError `OPTION_INVALID` where a value is there and isn't right; `what` says what would be. */
export function expectOption(name: string, value: unknown, isRight: (value: unknown) => boolean, what: string): void {
  if (value === undefined || isRight(value)) return
  throw optionInvalid(`${name} is ${what}, not ${show(value)}`, { value, at: name })
}

/** @throws EventfluxError `OPTION_INVALID` where an argument isn't `what` the function takes that its user calls `owner`. */
export function expectArgument(
  owner: string,
  value: unknown,
  isRight: (value: unknown) => boolean,
  what: string,
): void {
  if (isRight(value)) return
  throw optionInvalid(`${owner} takes ${what}, not ${show(value)}`, { value, at: owner })
}

export function expectClock(clock: unknown): void {
  expectOption('clock', clock, has('now', 'monotonicNs', 'after'), 'a clock: now(), monotonicNs() and after()')
}

export function expectRandom(random: unknown): void {
  expectOption('random', random, isFunction, 'a function that gives numbers from 0 to below 1')
}

export function expectSignal(signal: unknown): void {
  expectOption('signal', signal, has('addEventListener', 'removeEventListener'), 'an AbortSignal')
}

export const isFunction = (value: unknown): boolean => typeof value === 'function'
/** NaN is none. */
export const isNumber = (value: unknown): boolean => typeof value === 'number' && !Number.isNaN(value)
export const isText = (value: unknown): boolean => typeof value === 'string'
export const isAsyncIterable = (value: unknown): boolean =>
  isObject(value) && isFunction((value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator])
export const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null

export const has =
  (...methods: readonly string[]) =>
  (value: unknown): boolean =>
    isObject(value) && methods.every(method => isFunction((value as Record<string, unknown>)[method]))
