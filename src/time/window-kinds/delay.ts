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

/** Every row, `lengthMs` milliseconds later. */
export interface DelaySpec<O extends WindowOutput = WindowOutput> {
  readonly kind: 'delay'
  readonly lengthMs: number
  readonly by?: string
  readonly maxRows?: number
  readonly output: O
}

/** Options of `delay`. */
interface DelayOptions<O extends WindowOutput> extends OutputOptions<O>, ClockOptions, MaxRowsOptions {}

/**
 * Holds every row back for `length`; it comes out once, as a current row, and never expires. Aggregates run over all
 * that came out. Rows held when a bounded input ends come out then, in order, with the instants they were due at.
 *
 * @param length More than 0, by the job's clock.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * stream.window(delay('1m')).rows()
 * ```
 */
export function delay<const O extends WindowOutput = 'current'>(
  length: Duration,
  options: DelayOptions<O> = {},
  ...more: readonly never[]
): DelaySpec<O> {
  const known = knownOptions('delay', options, ['output', 'by', 'maxRows'], more)
  return checkDelay({ ...known, lengthMs: durationMs(length, 'length') }) as DelaySpec<O>
}

/** @throws EventfluxError `OPTION_INVALID`. */
export const checkDelay = (given: Given): DelaySpec =>
  frozen<DelaySpec>({
    kind: 'delay',
    lengthMs: positiveMs('delay', given),
    by: optionalColumn('delay', given.by),
    maxRows: mostRows('delay', given),
    output: outputOf('delay', given),
  })
