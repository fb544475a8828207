import { optionInvalid, show } from '../errors.ts'
import { checkOptions, type NoOthers, type OptionNames } from '../options.ts'
import { type Duration, durationMs, formatDuration } from './duration.ts'
import { checkEarly, describeEarly, type EarlyOptions, type EarlySpec, earlySpec } from './early.ts'
import { checkFill, describeFill, type FillOf, type FillOptions, type FillSpec, fillSpec } from './fill-empty.ts'
import {
  checkLateness,
  describeLateness,
  type FiringOf,
  LATENESS,
  type LatenessOptions,
  type LatenessSpec,
  latenessSpec,
} from './lateness.ts'

/** Windows `[start, start + sizeMs)` side by side, with starts at `offsetMs` + k × `sizeMs` from the epoch. */
interface TumblingSpec extends LatenessSpec, FillSpec, EarlySpec {
  readonly kind: 'tumbling'
  readonly sizeMs: number
  readonly offsetMs: number
}

/** Windows `[start, start + sizeMs)` with starts at `offsetMs` + k × `slideMs` from the epoch. */
export interface HoppingSpec extends LatenessSpec, FillSpec, EarlySpec {
  readonly kind: 'hopping'
  readonly sizeMs: number
  readonly slideMs: number
  readonly offsetMs: number
  /** Present when the slide may be longer than the size, which leaves rows between windows out. */
  readonly sampling?: true
}

/**
 * Windows `[start, start + k × stepMs)`, k = 1 … `maxMs` / `stepMs`, with starts at `offsetMs` + j × `maxMs` from the
 * epoch.
 */
export interface CumulateSpec extends LatenessSpec, FillSpec, EarlySpec {
  readonly kind: 'cumulate'
  readonly stepMs: number
  readonly maxMs: number
  readonly offsetMs: number
}

export type AlignedSpec = TumblingSpec | HoppingSpec | CumulateSpec

/** Options of windows that are aligned to the epoch. */
export interface AlignedOptions extends LatenessOptions, FillOptions, EarlyOptions {
  /** Shift of the window edges; may be negative. */
  readonly offset?: Duration
}

const ALIGNED: OptionNames<AlignedOptions> = { offset: true, ...LATENESS, fillEmpty: true, early: true }
const HOPPING: OptionNames<HoppingOptions> = { ...ALIGNED, sampling: true }

/** What of the options the columns of results hang on. */
type OptionsOf<O> = FiringOf<O> & FillOf<O>

/** Options of hopping windows. */
export interface HoppingOptions extends AlignedOptions {
  /** Allows a slide longer than the size: rows between two windows belong to none. */
  readonly sampling?: boolean
}

/**
 * Tumbling windows: every row belongs to exactly one. They are aligned to the epoch, shifted by `offset`.
 *
 * @param size More than 0.
 * @param options Its `offset` shifts the window edges: may be negative, smaller than `size` either way.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * tumbling('1m')
 * tumbling('1d', { offset: '-8h' })
 * tumbling('1m', { allowedLateness: '10s', firing: 'retracting', lateTo: 'late' })
 * ```
 */
export function tumbling<const O extends AlignedOptions>(
  size: Duration,
  options?: O & NoOthers<O, AlignedOptions>,
): TumblingSpec & OptionsOf<O> {
  checkOptions('tumbling', options, ALIGNED)
  return checkTumbling({ sizeMs: durationMs(size, 'size'), ...alignedSpec(options) }) as TumblingSpec & OptionsOf<O>
}

/**
 * Hopping windows: one of length `size` starts every `slide`, so that a row belongs to `size / slide` of them (where that
 * is no whole number, to one more or less).
 *
 * @param size More than 0; it needn't be a multiple of `slide`.
 * @param slide More than 0, at most `size` unless `sampling` is true; a row belongs to at most a million windows.
 * @param options Its `offset` shifts the window edges: may be negative, smaller than `slide` either way.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * hopping('10s', '2s')
 * hopping('1s', '1m', { sampling: true }) // the first second of every minute
 * ```
 */
export function hopping<const O extends HoppingOptions>(
  size: Duration,
  slide: Duration,
  options?: O & NoOthers<O, HoppingOptions>,
): HoppingSpec & OptionsOf<O> {
  checkOptions('hopping', options, HOPPING)
  return checkHopping({
    sizeMs: durationMs(size, 'size'),
    slideMs: durationMs(slide, 'slide'),
    ...alignedSpec(options),
    ...(options?.sampling !== undefined && { sampling: options.sampling }),
  }) as HoppingSpec & OptionsOf<O>
}

/**
 * Cumulating windows: within every stretch of length `max`, a window from its start to each multiple of `step`. What a
 * daily total is so far, every hour: `cumulate('1h', '1d')`.
 *
 * @param step More than 0; a row belongs to at most a million windows.
 * @param max A multiple of `step`.
 * @param options Its `offset` shifts the window edges: may be negative, smaller than `max` either way.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * cumulate('2m', '10m') // [0, 2), [0, 4), … [0, 10), [10, 12), …
 * ```
 */
export function cumulate<const O extends AlignedOptions>(
  step: Duration,
  max: Duration,
  options?: O & NoOthers<O, AlignedOptions>,
): CumulateSpec & OptionsOf<O> {
  checkOptions('cumulate', options, ALIGNED)
  return checkCumulate({
    stepMs: durationMs(step, 'step'),
    maxMs: durationMs(max, 'max'),
    ...alignedSpec(options),
  }) as CumulateSpec & OptionsOf<O>
}

/** Most windows that a row belongs to. */
const MOST_WINDOWS = 1_000_000

type Given<S> = Partial<Record<keyof S, unknown>>

/** Checks a tumbling window given as data and freezes a copy. @throws EventfluxError `OPTION_INVALID`. */
export function checkTumbling(given: Given<TumblingSpec>): TumblingSpec {
  const sizeMs = lengthOf('size', given.sizeMs)
  const offsetMs = offsetOf(given.offsetMs, sizeMs, 'size')
  return Object.freeze({
    kind: 'tumbling',
    sizeMs,
    offsetMs,
    ...checkFill(given),
    ...checkEarly(given),
    ...checkLateness(given),
  })
}

/** Checks a hopping window given as data and freezes a copy. @throws EventfluxError `OPTION_INVALID`. */
export function checkHopping(given: Given<HoppingSpec>): HoppingSpec {
  const { sampling } = given
  const sizeMs = lengthOf('size', given.sizeMs)
  const slideMs = lengthOf('slide', given.slideMs)
  if (sampling !== undefined && typeof sampling !== 'boolean')
    throw optionInvalid(`sampling is true or false, not ${show(sampling)}`, { value: sampling, at: 'sampling' })
  if (slideMs > sizeMs && sampling !== true)
    throw optionInvalid(
      `A slide (${slideMs} ms) longer than the window (${sizeMs} ms) leaves rows out; allow it with { sampling: true }`,
      { value: slideMs, at: 'slide' },
    )
  checkOverlap(sizeMs / slideMs, 'slide', slideMs)
  const offsetMs = offsetOf(given.offsetMs, slideMs, 'slide')
  return Object.freeze({
    kind: 'hopping',
    sizeMs,
    slideMs,
    offsetMs,
    ...(sampling === true && { sampling }),
    ...checkFill(given),
    ...checkEarly(given),
    ...checkLateness(given),
  })
}

/** Checks a cumulating window given as data and freezes a copy. @throws EventfluxError `OPTION_INVALID`. */
export function checkCumulate(given: Given<CumulateSpec>): CumulateSpec {
  const stepMs = lengthOf('step', given.stepMs)
  const maxMs = lengthOf('max', given.maxMs)
  if (maxMs % stepMs !== 0)
    throw optionInvalid(`The longest window (${maxMs} ms) is a multiple of the step (${stepMs} ms)`, {
      value: maxMs,
      at: 'max',
    })
  checkOverlap(maxMs / stepMs, 'step', stepMs)
  const offsetMs = offsetOf(given.offsetMs, maxMs, 'max')
  return Object.freeze({
    kind: 'cumulate',
    stepMs,
    maxMs,
    offsetMs,
    ...checkFill(given),
    ...checkEarly(given),
    ...checkLateness(given),
  })
}

/** One row gives a result in each of its windows, without a turn for anything else in between. */
function checkOverlap(windows: number, at: 'slide' | 'step', ms: number): void {
  if (windows <= MOST_WINDOWS) return
  const count = Math.ceil(windows).toLocaleString('en')
  throw optionInvalid(
    `A ${at} of ${formatDuration(ms)} puts a row into ${count} windows; they are at most ${MOST_WINDOWS.toLocaleString('en')}`,
    { value: ms, at },
  )
}

/** A window as `explain()` shows it. */
export function describeAligned(window: AlignedSpec): string {
  const lengths = window.kind === 'cumulate' ? [window.stepMs, window.maxMs] : [window.sizeMs]
  if (window.kind === 'hopping') lengths.push(window.slideMs)
  const offset = window.offsetMs === 0 ? '' : ` offset ${formatDuration(window.offsetMs)}`
  return `${window.kind} ${lengths.map(formatDuration).join(' / ')}${offset}${describeFill(window)}${describeEarly(window)}${describeLateness(window)}`
}

const alignedSpec = (options: AlignedOptions = {}) => ({
  offsetMs: durationMs(options.offset ?? 0, 'offset'),
  ...fillSpec(options),
  ...earlySpec(options),
  ...latenessSpec(options),
})

function lengthOf(name: string, ms: unknown): number {
  if (Number.isSafeInteger(ms) && (ms as number) > 0) return ms as number
  throw optionInvalid(`The ${name} of a window is more than 0 ms, not ${show(ms)}`, { value: ms, at: name })
}

function offsetOf(ms: unknown, period: number, name: string): number {
  if (Number.isSafeInteger(ms) && Math.abs(ms as number) < period) return ms as number
  throw optionInvalid(`The offset of a window is smaller than its ${name} (${period} ms), not ${show(ms)}`, {
    value: ms,
    at: 'offset',
  })
}
