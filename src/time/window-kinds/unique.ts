import { optionInvalid, show } from '../../errors.ts'
import type { Duration } from '../duration.ts'
import {
  columnName,
  flag,
  frozen,
  type Given,
  knownOptions,
  type MaxRowsOptions,
  mostRows,
  type OutputOptions,
  optionalMs,
  outputOf,
  positiveMs,
  type WindowOutput,
} from './parameters.ts'

/** The latest row of each value of some columns. */
export interface UniqueSpec<O extends WindowOutput = WindowOutput> {
  readonly kind: 'unique'
  readonly columns: readonly string[]
  readonly ttlMs?: number
  readonly maxRows?: number
  readonly unbounded?: true
  readonly output: O
}

/** Options of `unique`. */
interface UniqueOptions<O extends WindowOutput> extends OutputOptions<O>, MaxRowsOptions {
  /** A row expires when it is this old, by the job's clock; by default it stays until another one takes its place. */
  readonly ttl?: Duration
  /** That neither `ttl` nor `maxRows` is to bound it: it holds a row of every value there ever was, up to `maxKeys`. */
  readonly unbounded?: boolean
}

/** Most columns that tell rows apart. */
const MAX_UNIQUE_COLUMNS = 64

/**
 * The latest row of each value of a column (or of several together): each row comes out as it arrives, and the row whose
 * place it takes expires just before it. What is held has to have a bound: a `ttl`, or `maxRows`; or `unbounded: true`, and
 * then only the job's `maxKeys` ends it.
 *
 * @throws EventfluxError `OPTION_INVALID`, also where nothing bounds it.
 *
 * @example
 * ```ts
 * stream.window(unique('symbol', { ttl: '1h' })).aggregate(e => ({ symbols: count(), highest: max(e.price) }))
 * ```
 */
export function unique<const O extends WindowOutput = 'current'>(
  columns: string | readonly string[],
  options: UniqueOptions<O> = {},
  ...more: readonly never[]
): UniqueSpec<O> {
  const { ttl, ...rest } = knownOptions('unique', options, ['output', 'ttl', 'maxRows', 'unbounded'], more)
  const names = typeof columns === 'string' ? [columns] : columns
  return checkUnique({ ...rest, columns: names, ttlMs: optionalMs(ttl, 'ttl') }) as UniqueSpec<O>
}

/** @throws EventfluxError `OPTION_INVALID`. */
export function checkUnique(given: Given): UniqueSpec {
  const { columns } = given
  if (!Array.isArray(columns) || columns.length === 0 || columns.length > MAX_UNIQUE_COLUMNS)
    throw optionInvalid(`unique takes a column or up to ${MAX_UNIQUE_COLUMNS} of them, not ${show(columns)}`, {
      value: columns,
      at: 'columns',
    })
  const unbounded = flag('unique', given, 'unbounded')
  if (given.ttlMs === undefined && given.maxRows === undefined && !unbounded)
    throw optionInvalid('unique would hold a row of every value for good: say ttl, maxRows, or unbounded: true', {
      at: 'unique',
    })
  return frozen<UniqueSpec>({
    kind: 'unique',
    columns: Object.freeze(columns.map(each => columnName('unique', each))),
    ttlMs: given.ttlMs === undefined ? undefined : positiveMs('unique', given, 'ttlMs'),
    maxRows: mostRows('unique', given),
    unbounded: unbounded || undefined,
    output: outputOf('unique', given),
  })
}
