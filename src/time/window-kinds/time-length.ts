import { type Duration, durationMs } from '../duration.ts'
import {
  type ClockOptions,
  frozen,
  type Given,
  knownOptions,
  type OutputOptions,
  optionalColumn,
  outputOf,
  positiveMs,
  type WindowOutput,
  wholeNumber,
} from './parameters.ts'

/** The latest `n` rows of the latest `lengthMs` milliseconds of the clock. */
export interface TimeLengthSpec<O extends WindowOutput = WindowOutput> {
  readonly kind: 'timeLength'
  readonly lengthMs: number
  readonly n: number
  readonly by?: string
  readonly output: O
}

/** Options of `timeLength`. */
interface TimeLengthOptions<O extends WindowOutput> extends OutputOptions<O>, ClockOptions {}

/**
 * The latest `n` rows of those that arrived less than `length` ago: a row expires when it is `length` old or when `n`
 * more have come, whichever is first.
 *
 * @param length More than 0, by the job's clock.
 * @param n At least 1.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * stream.window(timeLength('10s', 100)).aggregate(e => ({ mean: avg(e.price) }))
 * ```
 */
export function timeLength<const O extends WindowOutput = 'current'>(
  length: Duration,
  n: number,
  options: TimeLengthOptions<O> = {},
  ...more: readonly never[]
): TimeLengthSpec<O> {
  const known = knownOptions('timeLength', options, ['output', 'by'], more)
  return checkTimeLength({ ...known, n, lengthMs: durationMs(length, 'length') }) as TimeLengthSpec<O>
}

/** @throws EventfluxError `OPTION_INVALID`. */
export const checkTimeLength = (given: Given): TimeLengthSpec =>
  frozen<TimeLengthSpec>({
    kind: 'timeLength',
    lengthMs: positiveMs('timeLength', given),
    n: wholeNumber('timeLength', given, 'n'),
    by: optionalColumn('timeLength', given.by),
    output: outputOf('timeLength', given),
  })
