import { optionInvalid, show } from '../errors.ts'
import { checkOptions, type OptionNames } from '../options.ts'

/**
 * What a push does when the edge it pushes into is full.
 *
 * | strategy | a push into a full edge |
 * |---|---|
 * | `'block'` | waits for room, first come first served |
 * | `{ kind: 'block', timeoutMs }` | waits at most `timeoutMs`, then is refused with `timeout` |
 * | `'drop-oldest'` | evicts the oldest event and is accepted |
 * | `'drop-newest'` | is refused with `full` |
 * | `'unbounded'`, `{ kind: 'unbounded', maxBytes }` | the edge grows; at `maxBytes` it behaves as `'error'` |
 * | `{ kind: 'backoff', … }` | sleeps and retries, `attempts` times, then is refused with `full` |
 * | `{ kind: 'circuit-breaker', … }` | is refused; after `failureThreshold` refusals at once, until a probe gets through |
 * | `'error'` | fails the job with `BACKPRESSURE` |
 */
export type BackpressureStrategy =
  | 'block'
  | 'drop-oldest'
  | 'drop-newest'
  | 'unbounded'
  | 'error'
  | BlockWithTimeout
  | UnboundedUpTo
  | ExponentialBackoff
  | CircuitBreaker
  | NormalisedStrategy

export interface BlockWithTimeout {
  readonly kind: 'block'
  /** Longest wait, in milliseconds; at least 0. */
  readonly timeoutMs: number
}

export interface UnboundedUpTo {
  readonly kind: 'unbounded'
  /** Largest size of the edge, in bytes. */
  readonly maxBytes: number
}

/** Waits initialMs, initialMs × factor, … (never more than maxMs) between tries. */
export interface ExponentialBackoff {
  readonly kind: 'backoff'
  /** First wait, in milliseconds; more than 0. */
  readonly initialMs: number
  /** Growth of the wait from one try to the next; at least 1. */
  readonly factor: number
  /** Longest wait, in milliseconds; at least `initialMs`. */
  readonly maxMs: number
  /** Retries before the push is refused; at least 1. */
  readonly attempts: number
  /** `'full'` (default) draws each wait evenly from 0 to its length, so that producers don't retry in step. */
  readonly jitter?: 'full' | 'none'
}

export interface CircuitBreaker {
  readonly kind: 'circuit-breaker'
  /** Refusals in a row that open the circuit; at least 1. */
  readonly failureThreshold: number
  /** How long the circuit stays open before one probe may pass, in milliseconds; more than 0. */
  readonly recoveryMs: number
}

/** A strategy in its one long form: what the runtime switches over. */
export type NormalisedStrategy =
  | { readonly kind: 'block'; readonly timeoutMs?: number }
  | { readonly kind: 'drop-oldest' }
  | { readonly kind: 'drop-newest' }
  | { readonly kind: 'unbounded'; readonly maxBytes?: number }
  | { readonly kind: 'error' }
  | Required<ExponentialBackoff>
  | CircuitBreaker

const SHORT = ['block', 'drop-oldest', 'drop-newest', 'unbounded', 'error'] as const

/** What a strategy of each kind takes. */
const NAMES: Readonly<Record<string, Readonly<Record<string, true>>>> = {
  block: { kind: true, timeoutMs: true } satisfies OptionNames<BlockWithTimeout>,
  unbounded: { kind: true, maxBytes: true } satisfies OptionNames<UnboundedUpTo>,
  backoff: {
    kind: true,
    initialMs: true,
    factor: true,
    maxMs: true,
    attempts: true,
    jitter: true,
  } satisfies OptionNames<ExponentialBackoff>,
  'circuit-breaker': { kind: true, failureThreshold: true, recoveryMs: true } satisfies OptionNames<CircuitBreaker>,
}

/** Longest wait a strategy may name, in milliseconds: what timers of every runtime can hold (2^31 - 1). */
const MAX_WAIT_MS = 2 ** 31 - 1

/**
 * Checks a strategy and brings it to its long form.
 *
 * @throws EventfluxError `OPTION_INVALID` for an unknown strategy or a number out of its range.
 */
export function normaliseStrategy(strategy: BackpressureStrategy): NormalisedStrategy {
  const given: unknown = strategy
  if (typeof given === 'string') {
    const kind = SHORT.find(name => name === given)
    if (kind === undefined) throw unknownStrategy(given)
    return Object.freeze({ kind })
  }
  if (typeof given !== 'object' || given === null) throw unknownStrategy(given)
  return Object.freeze(longForm(given as Record<string, unknown>))
}

function longForm(given: Record<string, unknown>): NormalisedStrategy {
  const { kind } = given
  if (typeof kind === 'string' && Object.hasOwn(NAMES, kind))
    checkOptions(`the strategy ${show(kind)}`, given, NAMES[kind]!)
  switch (given.kind) {
    case 'block':
      if (given.timeoutMs === undefined) return { kind: 'block' }
      return { kind: 'block', timeoutMs: numberIn(given, 'timeoutMs', 0, MAX_WAIT_MS) }
    case 'drop-oldest':
    case 'drop-newest':
    case 'error':
      return { kind: given.kind }
    case 'unbounded':
      if (given.maxBytes === undefined) return { kind: 'unbounded' }
      return { kind: 'unbounded', maxBytes: integerIn(given, 'maxBytes', 1, Number.MAX_SAFE_INTEGER) }
    case 'backoff': {
      const initialMs = numberIn(given, 'initialMs', Number.MIN_VALUE, MAX_WAIT_MS)
      const jitter = given.jitter ?? 'full'
      if (jitter !== 'full' && jitter !== 'none')
        throw optionInvalid(`backpressure.jitter is 'full' or 'none', not ${show(jitter)}`, { value: jitter })
      return {
        kind: 'backoff',
        initialMs,
        factor: numberIn(given, 'factor', 1, 1e6),
        maxMs: numberIn(given, 'maxMs', initialMs, MAX_WAIT_MS),
        attempts: integerIn(given, 'attempts', 1, 1e6),
        jitter,
      }
    }
    case 'circuit-breaker':
      return {
        kind: 'circuit-breaker',
        failureThreshold: integerIn(given, 'failureThreshold', 1, 1e9),
        recoveryMs: numberIn(given, 'recoveryMs', Number.MIN_VALUE, MAX_WAIT_MS),
      }
    default:
      throw unknownStrategy(given.kind ?? given)
  }
}

const unknownStrategy = (value: unknown) =>
  optionInvalid(
    `${show(value)} is no backpressure strategy; take 'block', 'drop-oldest', 'drop-newest', 'unbounded', 'error' ` +
      `or an object with kind 'block', 'unbounded', 'backoff' or 'circuit-breaker'`,
    { value, at: 'backpressure' },
  )

function numberIn(given: Record<string, unknown>, name: string, low: number, high: number): number {
  const value = given[name]
  if (typeof value === 'number' && value >= low && value <= high) return value
  const range = low === Number.MIN_VALUE ? `more than 0 and at most ${high}` : `from ${low} to ${high}`
  throw optionInvalid(`backpressure.${name} is a number ${range}, not ${show(value)}`, {
    value,
    at: `backpressure.${name}`,
  })
}

function integerIn(given: Record<string, unknown>, name: string, low: number, high: number): number {
  const value = numberIn(given, name, low, high)
  if (Number.isInteger(value)) return value
  throw optionInvalid(`backpressure.${name} is an integer, not ${show(value)}`, { value, at: `backpressure.${name}` })
}
