import { type Duration, durationMs } from '../duration.ts'
import {
  type BatchOptions,
  type BatchSpec,
  batchOutputOf,
  type ClockOptions,
  flag,
  frozen,
  type Given,
  knownOptions,
  type MaxRowsOptions,
  mostRows,
  optionalColumn,
  optionalInstant,
  optionalMs,
  positiveMs,
  type WindowOutput,
} from './parameters.ts'

/** Batches of the rows between two ticks of the clock. */
export interface TimeBatchSpec<O extends WindowOutput = WindowOutput> extends BatchSpec<O> {
  readonly kind: 'timeBatch'
  readonly lengthMs: number
  readonly startMs?: number
  readonly streamCurrent: boolean
  readonly by?: string
  readonly maxRows?: number
}

/** Options of `timeBatch`. */
interface TimeBatchOptions<O extends WindowOutput> extends BatchOptions<O>, ClockOptions, MaxRowsOptions {
  /** Ticks are at `start` + k × `length`; without it, at the first arrival + k × `length`. */
  readonly start?: Duration
  /** Whether a row comes out as it arrives; all of them expire at the tick. */
  readonly streamCurrent?: boolean
}

/**
 * Batches of the rows between two ticks, `length` apart and without drift: at a tick the batch before expires and the
 * rows since then come out. A row at the instant of a tick belongs to the next batch; a tick with nothing to tell
 * tells nothing.
 *
 * @param length More than 0, by the job's clock.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * stream.window(timeBatch('1s', { start: 0 })).aggregate(e => ({ high: max(e.price) }))
 * ```
 */
export function timeBatch<const O extends WindowOutput = 'current'>(
  length: Duration,
  options: TimeBatchOptions<O> = {},
  ...more: readonly never[]
): TimeBatchSpec<O> {
  const names = ['output', 'rows', 'emitIncomplete', 'start', 'streamCurrent', 'by', 'maxRows'] as const
  const { start, ...rest } = knownOptions('timeBatch', options, names, more)
  return checkTimeBatch({
    ...rest,
    lengthMs: durationMs(length, 'length'),
    startMs: optionalMs(start, 'start'),
  }) as TimeBatchSpec<O>
}

/** @throws EventfluxError `OPTION_INVALID`. */
export const checkTimeBatch = (given: Given): TimeBatchSpec =>
  frozen<TimeBatchSpec>({
    kind: 'timeBatch',
    lengthMs: positiveMs('timeBatch', given),
    startMs: optionalInstant('timeBatch', given, 'startMs'),
    streamCurrent: flag('timeBatch', given, 'streamCurrent'),
    by: optionalColumn('timeBatch', given.by),
    maxRows: mostRows('timeBatch', given),
    ...batchOutputOf('timeBatch', given),
  })
