import { optionInvalid, show } from '../../errors.ts'
import {
  columnName,
  frozen,
  type Given,
  knownOptions,
  type OutputOptions,
  oneOf,
  outputOf,
  type WindowOutput,
  wholeNumber,
} from './parameters.ts'

/** A column to sort by, and which way. */
interface SortColumn {
  readonly column: string
  readonly direction: 'asc' | 'desc'
}

/** The first `n` rows in an order. */
export interface SortSpec<O extends WindowOutput = WindowOutput> {
  readonly kind: 'sort'
  readonly n: number
  readonly by: readonly SortColumn[]
  readonly output: O
}

/** A column to sort by, ascending unless it is said. */
type SortBy = string | readonly [column: string, direction?: 'asc' | 'desc']

/** Most columns to sort by. */
const MAX_SORT_COLUMNS = 64

/**
 * The first `n` rows in an order: each row comes out as it arrives, and where that makes more than `n`, the last of
 * them expires after it, of equal ones the latest. Rows without a value (null, NaN) come last in either direction.
 *
 * @param n At least 1.
 * @param by Columns, the most important first: `'price'`, or `['price', 'desc']`.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * stream.window(sort(10, [['price', 'desc'], 'time'], { output: 'all' })).rows()
 * ```
 */
export function sort<const O extends WindowOutput = 'current'>(
  n: number,
  by: string | readonly SortBy[],
  options: OutputOptions<O> = {},
  ...more: readonly never[]
): SortSpec<O> {
  const { output } = knownOptions('sort', options, ['output'], more)
  const columns = typeof by === 'string' ? [by] : by
  if (!Array.isArray(columns)) throw noColumns(by)
  const given = columns.map(each => {
    const [column, direction] = Array.isArray(each) ? each : [each]
    return { column, direction }
  })
  return checkSort({ n, by: given, output }) as SortSpec<O>
}

/** @throws EventfluxError `OPTION_INVALID`. */
export function checkSort(given: Given): SortSpec {
  const { by } = given
  if (!Array.isArray(by) || by.length === 0 || by.length > MAX_SORT_COLUMNS) throw noColumns(by)
  const columns = by.map((each): SortColumn => {
    if (typeof each !== 'object' || each === null) throw noColumns(each)
    const column = columnName('sort', each.column)
    return Object.freeze({ column, direction: oneOf('sort', each, 'direction', ['asc', 'desc']) })
  })
  return frozen<SortSpec>({
    kind: 'sort',
    n: wholeNumber('sort', given, 'n'),
    by: Object.freeze(columns),
    output: outputOf('sort', given),
  })
}

const noColumns = (given: unknown) =>
  optionInvalid(`sort takes a column or up to ${MAX_SORT_COLUMNS} of them to sort by, not ${show(given)}`, {
    value: given,
    at: 'by',
  })
