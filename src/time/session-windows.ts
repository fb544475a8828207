import { optionInvalid, show } from '../errors.ts'
import { checkOptions, type NoOthers, type OptionNames } from '../options.ts'
import { type Duration, durationMs, formatDuration } from './duration.ts'
import { checkEarly, describeEarly, type EarlyOptions, type EarlySpec, earlySpec } from './early.ts'
import {
  checkLateness,
  describeLateness,
  type FiringOf,
  LATENESS,
  type LatenessOptions,
  type LatenessSpec,
  latenessSpec,
} from './lateness.ts'

/** Whether rows exactly one gap apart are of one session. */
type SessionTouch = 'merge' | 'split'

/** Windows `[first, last + gapMs)` around rows no further apart than the gap. */
export interface SessionSpec extends LatenessSpec, EarlySpec {
  readonly kind: 'session'
  readonly gapMs: number
  readonly touch: SessionTouch
}

/** Windows of `diffMs` before and after each row, both ends inclusive. */
export interface SlidingPerEventSpec extends LatenessSpec {
  readonly kind: 'slidingPerEvent'
  readonly diffMs: number
}

export interface SessionOptions extends LatenessOptions, EarlyOptions {
  /**
   * What becomes of rows exactly one gap apart: `'merge'` (the default, as in Flink and Kafka Streams) takes them for one
   * session, `'split'` (as in Beam) for two. A session fires when the watermark reaches the millisecond before its end,
   * so rows that merge there have to come before another row moves it on: where rows of several keys share a millisecond,
   * give `eventTime` an `outOfOrdernessMs` of at least 1.
   */
  readonly touch?: SessionTouch
}

const SESSION: OptionNames<SessionOptions> = { touch: true, ...LATENESS, early: true }
const SLIDING: OptionNames<Omit<LatenessOptions, 'firing'>> = { emit: true, allowedLateness: true, lateTo: true }

/**
 * Session windows: rows of a key belong together as long as no more than `gap` passes between one and the next. A
 * session is `[first, last + gap)`; a row that comes late may extend it, or join two into one, also when they have fired
 * but are still within their lateness. Where firings retract, what was given for them is taken back at that moment; where
 * there are early results as well, right before the next result of what they have become.
 *
 * @param gap More than 0.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * session('30m')
 * session('10s', { touch: 'split', allowedLateness: '1m' })
 * session('30m', { early: { every: '1m' }, firing: 'retracting' })
 * ```
 */
export function session<const O extends SessionOptions>(
  gap: Duration,
  options?: O & NoOthers<O, SessionOptions>,
): SessionSpec & FiringOf<O> {
  checkOptions('session', options, SESSION)
  return checkSession({
    gapMs: durationMs(gap, 'gap'),
    touch: options?.touch ?? 'merge',
    ...earlySpec(options ?? {}),
    ...latenessSpec(options ?? {}),
  }) as SessionSpec & FiringOf<O>
}

/**
 * Sliding windows by event (as in Kafka Streams): for every time `t` at which a row stands, the window of the rows in
 * `[t - diff, t]`, and the one of those in `[t + 1, t + 1 + diff]` where there are any. Windows of equal bounds are one;
 * a window that would begin before the epoch though its row doesn't begins at the epoch. Both ends belong to the window,
 * so `windowEnd`, which is exclusive as ever, is `windowStart + diff + 1`. Firings accumulate.
 *
 * @param diff The greatest distance between two rows of a window; at least 0.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * slidingPerEvent('5m')
 * ```
 */
export function slidingPerEvent(diff: Duration, options: Omit<LatenessOptions, 'firing'> = {}): SlidingPerEventSpec {
  checkOptions('slidingPerEvent', options, SLIDING)
  return checkSlidingPerEvent({ diffMs: durationMs(diff, 'diff'), ...latenessSpec(options) })
}

/** Checks a session window given as data and freezes a copy. @throws EventfluxError `OPTION_INVALID`. */
export function checkSession(given: Partial<Record<keyof SessionSpec, unknown>>): SessionSpec {
  const { gapMs, touch } = given
  if (!Number.isSafeInteger(gapMs) || (gapMs as number) <= 0)
    throw optionInvalid(`The gap of a session is more than 0 ms, not ${show(gapMs)}`, { value: gapMs, at: 'gap' })
  if (touch !== 'merge' && touch !== 'split')
    throw optionInvalid(`touch is 'merge' or 'split', not ${show(touch)}`, { value: touch, at: 'touch' })
  return Object.freeze({
    kind: 'session',
    gapMs: gapMs as number,
    touch,
    ...checkEarly(given),
    ...checkLateness(given),
  })
}

/** Checks sliding windows given as data and freezes a copy. @throws EventfluxError `OPTION_INVALID`. */
export function checkSlidingPerEvent(given: Partial<Record<keyof SlidingPerEventSpec, unknown>>): SlidingPerEventSpec {
  const { diffMs, firing } = given
  if (!Number.isSafeInteger(diffMs) || (diffMs as number) < 0)
    throw optionInvalid(`The difference of sliding windows is at least 0 ms, not ${show(diffMs)}`, {
      value: diffMs,
      at: 'diff',
    })
  if (firing !== undefined && firing !== 'accumulating')
    throw optionInvalid(`Sliding windows by event accumulate; they can't be ${show(firing)}`, {
      value: firing,
      at: 'firing',
    })
  return Object.freeze({ kind: 'slidingPerEvent', diffMs: diffMs as number, ...checkLateness(given) })
}

/** A window as `explain()` shows it. */
export function describeSession(window: SessionSpec | SlidingPerEventSpec): string {
  const length = formatDuration(window.kind === 'session' ? window.gapMs : window.diffMs)
  const touch = window.kind === 'session' && window.touch === 'split' ? ', split at the exact gap' : ''
  const early = window.kind === 'session' ? describeEarly(window) : ''
  return `${window.kind} ${length}${touch}${early}${describeLateness(window)}`
}
