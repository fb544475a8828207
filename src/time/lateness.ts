import { optionInvalid, show } from '../errors.ts'
import type { OptionNames } from '../options.ts'
import { checkFieldName } from '../schema/schema.ts'
import { type Duration, durationMs, formatDuration } from './duration.ts'

/**
 * What a window that has fired gives when a late but allowed row makes it fire again:
 * `'accumulating'` the new value of all its rows, `'discarding'` the value of the new row alone, `'retracting'` the old
 * value once more, marked by the column `isRetraction`, and then the new one.
 */
export type Firing = 'accumulating' | 'discarding' | 'retracting'

/** When windows give their results. */
type WindowEmit = 'onClose' | 'onUpdate'

/** When windows over event time give their results, and what they do about rows that come after that. */
export interface LatenessOptions {
  /**
   * `'onClose'` (the default): a window gives its result when the watermark reaches its end, and again for late rows.
   * `'onUpdate'`: every row makes each of its windows give a result at once, for its key, and the end of a window adds
   * none (as in Kafka Streams). `firing` says what is in it: all rows so far, the new row alone, or what was and what is.
   */
  readonly emit?: WindowEmit
  /**
   * How long a window that has fired still takes rows in; each makes it fire again at once, for the row's key. Default:
   * what `eventTime` says, which is 0 when it says nothing.
   */
  readonly allowedLateness?: Duration
  /** What it then gives; default `'accumulating'`. */
  readonly firing?: Firing
  /**
   * Name of the sink (`run({ sinks: { … } })`) that gets the rows no window took, as they stood before the window. They
   * don't count as dropped.
   */
  readonly lateTo?: string
}

/** Their names. */
export const LATENESS: OptionNames<LatenessOptions> = { emit: true, allowedLateness: true, firing: true, lateTo: true }

/** The same as data: only what was given. */
export interface LatenessSpec {
  /** Present when every row makes its windows give a result, and their end none. */
  readonly emit?: 'onUpdate'
  readonly allowedLatenessMs?: number
  readonly firing?: Firing
  readonly lateTo?: string
}

/** The firing of options in its literal type: whether results have the column `isRetraction` hangs on it. */
export type FiringOf<O> = O extends { readonly firing: infer X extends Firing } ? { readonly firing: X } : unknown

type LatenessSpecGiven = Omit<LatenessSpec, 'emit'> & { readonly emit?: WindowEmit }

/** Options as data, durations in milliseconds; not checked otherwise. */
export function latenessSpec({ emit, allowedLateness, firing, lateTo }: LatenessOptions): LatenessSpecGiven {
  return {
    ...(emit !== undefined && { emit }),
    ...(allowedLateness !== undefined && { allowedLatenessMs: durationMs(allowedLateness, 'allowedLateness') }),
    ...(firing !== undefined && { firing }),
    ...(lateTo !== undefined && { lateTo }),
  }
}

/** The options as `explain()` shows them behind a window. */
export function describeLateness({ emit, allowedLatenessMs, firing, lateTo }: LatenessSpec): string {
  const update = emit === undefined ? '' : ', on every update'
  const late = allowedLatenessMs === undefined ? '' : `, late by up to ${formatDuration(allowedLatenessMs)}`
  return `${update}${late}${firing === undefined ? '' : `, ${firing}`}${lateTo === undefined ? '' : `, late rows to ${lateTo}`}`
}

/** Checks options given as data and copies them. @throws EventfluxError `OPTION_INVALID`. */
export function checkLateness(given: Partial<Record<keyof LatenessSpec, unknown>>): LatenessSpec {
  const { emit, allowedLatenessMs, firing, lateTo } = given
  if (emit !== undefined && emit !== 'onClose' && emit !== 'onUpdate')
    throw optionInvalid(`emit is 'onClose' or 'onUpdate', not ${show(emit)}`, { value: emit, at: 'emit' })
  if (
    allowedLatenessMs !== undefined &&
    !(Number.isSafeInteger(allowedLatenessMs) && (allowedLatenessMs as number) >= 0)
  )
    throw optionInvalid(`allowedLateness is at least 0 ms, not ${show(allowedLatenessMs)}`, {
      value: allowedLatenessMs,
      at: 'allowedLateness',
    })
  if (lateTo !== undefined) checkFieldName(lateTo)
  return {
    ...(emit === 'onUpdate' && { emit }),
    ...(allowedLatenessMs !== undefined && { allowedLatenessMs: allowedLatenessMs as number }),
    ...(checkFiring(firing) !== undefined && { firing: firing as Firing }),
    ...(lateTo !== undefined && { lateTo: lateTo as string }),
  }
}

/** Checks a firing given as data. @throws EventfluxError `OPTION_INVALID`. */
export function checkFiring(firing: unknown): Firing | undefined {
  if (firing === undefined || firing === 'accumulating' || firing === 'discarding' || firing === 'retracting')
    return firing
  throw optionInvalid(`firing is 'accumulating', 'discarding' or 'retracting', not ${show(firing)}`, {
    value: firing,
    at: 'firing',
  })
}
