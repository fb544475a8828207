import { type Duration, durationMs } from '../duration.ts'
import {
  columnName,
  frozen,
  type Given,
  knownOptions,
  type MaxRowsOptions,
  mostRows,
  type OutputOptions,
  outputOf,
  positiveMs,
  type WindowOutput,
} from './parameters.ts'

/** The rows of the latest `lengthMs` milliseconds, by a column of theirs. */
export interface ExternalTimeSpec<O extends WindowOutput = WindowOutput> {
  readonly kind: 'externalTime'
  readonly column: string
  readonly lengthMs: number
  readonly maxRows?: number
  readonly output: O
}

/** Options of `externalTime`. */
interface ExternalTimeOptions<O extends WindowOutput> extends OutputOptions<O>, MaxRowsOptions {}

/**
 * The rows less than `length` older than the one that just arrived, by a column of theirs: an arrival first expires,
 * oldest arrival first, what is `length` or more behind it, up to the first row that isn't. Rows expire only when
 * another one comes.
 *
 * @param column A `timestamp()` that is never null.
 * @param length More than 0.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * stream.window(externalTime('time', '5s')).aggregate(e => ({ high: max(e.price) }))
 * ```
 */
export function externalTime<const O extends WindowOutput = 'current'>(
  column: string,
  length: Duration,
  options: ExternalTimeOptions<O> = {},
  ...more: readonly never[]
): ExternalTimeSpec<O> {
  const known = knownOptions('externalTime', options, ['output', 'maxRows'], more)
  return checkExternalTime({ ...known, column, lengthMs: durationMs(length, 'length') }) as ExternalTimeSpec<O>
}

/** @throws EventfluxError `OPTION_INVALID`. */
export const checkExternalTime = (given: Given): ExternalTimeSpec =>
  frozen<ExternalTimeSpec>({
    kind: 'externalTime',
    column: columnName('externalTime', given.column),
    lengthMs: positiveMs('externalTime', given),
    maxRows: mostRows('externalTime', given),
    output: outputOf('externalTime', given),
  })
