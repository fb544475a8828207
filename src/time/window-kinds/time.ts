import { type Duration, durationMs } from '../duration.ts'
import {
  type ClockOptions,
  frozen,
  type Given,
  knownOptions,
  type MaxRowsOptions,
  mostRows,
  type OutputOptions,
  optionalColumn,
  outputOf,
  positiveMs,
  type WindowOutput,
} from './parameters.ts'

/** The rows of the latest `lengthMs` milliseconds of the clock. */
export interface TimeSpec<O extends WindowOutput = WindowOutput> {
  readonly kind: 'time'
  readonly lengthMs: number
  readonly by?: string
  readonly maxRows?: number
  readonly output: O
}

/** Options of `time`. */
interface TimeOptions<O extends WindowOutput> extends OutputOptions<O>, ClockOptions, MaxRowsOptions {}

/**
 * The rows that arrived less than `length` ago: each comes out as it arrives and expires when it is `length` old.
 *
 * @param length More than 0, by the job's clock.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * stream.keyBy('symbol').window(time('1m')).aggregate(() => ({ lastMinute: count() }))
 * ```
 */
export function time<const O extends WindowOutput = 'current'>(
  length: Duration,
  options: TimeOptions<O> = {},
  ...more: readonly never[]
): TimeSpec<O> {
  const known = knownOptions('time', options, ['output', 'by', 'maxRows'], more)
  return checkTime({ ...known, lengthMs: durationMs(length, 'length') }) as TimeSpec<O>
}

/** @throws EventfluxError `OPTION_INVALID`. */
export const checkTime = (given: Given): TimeSpec =>
  frozen<TimeSpec>({
    kind: 'time',
    lengthMs: positiveMs('time', given),
    by: optionalColumn('time', given.by),
    maxRows: mostRows('time', given),
    output: outputOf('time', given),
  })
