import { type Duration, durationMs } from '../duration.ts'
import {
  type BatchOptions,
  type BatchSpec,
  batchOutputOf,
  columnName,
  flag,
  frozen,
  type Given,
  knownOptions,
  type MaxRowsOptions,
  mostRows,
  optionalInstant,
  optionalMs,
  positiveMs,
  type WindowOutput,
} from './parameters.ts'

/** Batches of the rows of `lengthMs` milliseconds, by a column of theirs. */
export interface ExternalTimeBatchSpec<O extends WindowOutput = WindowOutput> extends BatchSpec<O> {
  readonly kind: 'externalTimeBatch'
  readonly column: string
  readonly lengthMs: number
  readonly startMs?: number
  readonly timeoutMs?: number
  readonly stampWithEnd: boolean
  readonly maxRows?: number
}

/** Options of `externalTimeBatch`. */
interface ExternalTimeBatchOptions<O extends WindowOutput> extends BatchOptions<O>, MaxRowsOptions {
  /** Batches end at `start` + k × `length`; without it, at the first row's time + k × `length`. */
  readonly start?: Duration
  /**
   * The open batch comes out early when no row came for this long, by the job's clock; later rows of the same batch make
   * it come out again, with all of its rows.
   */
  readonly timeout?: Duration
  /** Whether `windowTime` of the rows that come out is the end of their batch instead of the time of the row that closed it. */
  readonly stampWithEnd?: boolean
}

/**
 * Batches of `length` by a column of the rows: a row beyond the end of the open batch expires the batch before, puts out
 * the open one and opens the next. Older rows join the open batch, none is dropped; stretches without rows are skipped.
 *
 * @param column A `timestamp()` that is never null.
 * @param length More than 0.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * stream.window(externalTimeBatch('time', '5s', { start: 0 })).aggregate(e => ({ volume: sum(e.size) }))
 * ```
 */
export function externalTimeBatch<const O extends WindowOutput = 'current'>(
  column: string,
  length: Duration,
  options: ExternalTimeBatchOptions<O> = {},
  ...more: readonly never[]
): ExternalTimeBatchSpec<O> {
  const names = ['output', 'rows', 'emitIncomplete', 'start', 'timeout', 'stampWithEnd', 'maxRows'] as const
  const { start, timeout, ...rest } = knownOptions('externalTimeBatch', options, names, more)
  return checkExternalTimeBatch({
    ...rest,
    column,
    lengthMs: durationMs(length, 'length'),
    startMs: optionalMs(start, 'start'),
    timeoutMs: optionalMs(timeout, 'timeout'),
  }) as ExternalTimeBatchSpec<O>
}

/** @throws EventfluxError `OPTION_INVALID`. */
export const checkExternalTimeBatch = (given: Given): ExternalTimeBatchSpec =>
  frozen<ExternalTimeBatchSpec>({
    kind: 'externalTimeBatch',
    column: columnName('externalTimeBatch', given.column),
    lengthMs: positiveMs('externalTimeBatch', given),
    startMs: optionalInstant('externalTimeBatch', given, 'startMs'),
    timeoutMs: given.timeoutMs === undefined ? undefined : positiveMs('externalTimeBatch', given, 'timeoutMs'),
    stampWithEnd: flag('externalTimeBatch', given, 'stampWithEnd'),
    maxRows: mostRows('externalTimeBatch', given),
    ...batchOutputOf('externalTimeBatch', given),
  })
