import { expressionInvalid, show } from '../errors.ts'
import { checkOptions } from '../options.ts'
import type { Numeric, RowScope } from './aggregate-input.ts'
import { over } from './aggregate-over.ts'
import type { Expression, NullOf, NumberExpression } from './expression.ts'

/**
 * How many different values there are. Nulls are passed over; there is one zero and one NaN. Exact: 16 to 64 bytes for
 * each different value of a group are kept, within `maxMemory` (beyond it the job ends with `STATE_FULL`).
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ symbols: distinctCount(e.symbol) }))
 * ```
 */
export function distinctCount(value: Expression<boolean, RowScope>): NumberExpression<false, 'group'> {
  return over('distinctCount', value) as never
}

/**
 * About how many different values there are, by HyperLogLog: the standard error is 1.6 % (1.04/√4096), and at most 4 KiB
 * are kept for a group. Up to 256 values the count is exact, but for a chance of 2^-49 that two of them have one hash.
 * The same values give the same count in any order, on every engine.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ notes: approxDistinct(e.note) }))
 * ```
 */
export function approxDistinct(value: Expression<boolean, RowScope>): NumberExpression<false, 'group'> {
  return over('approxDistinct', value) as never
}

/** How a percentile is found: from every value, or from counts of them. */
export type PercentileOptions =
  | { readonly exact?: true }
  /** The greatest relative distance of the result from the exact one, from 0.000001 to 0.5. */
  | { readonly relativeError: number }

/**
 * The value below which a share `p` of the values lies; between two values it is interpolated, as SQL's
 * `percentile_cont`. NaN is passed over; where every value is NaN, so is the result.
 *
 * Exact unless `relativeError` is given: then every value of a group is kept, 8 to 16 bytes each, within `maxMemory`
 * (beyond it the job ends with `STATE_FULL`). With it, values are counted in bins of growing width, and the result is
 * within that share of the exact one wherever the values it stands between have one sign. Of 1 % that takes about 64 bins
 * of 32 to 64 bytes for each power of two the values span.
 *
 * @param p From 0 (the least value) to 1 (the greatest).
 * @throws EventfluxError `EXPRESSION_INVALID` for a `p` or a `relativeError` out of range.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({
 *   p99: percentile(e.price, 0.99),
 *   rough: percentile(e.price, 0.99, { relativeError: 0.01 }),
 * }))
 * ```
 */
export function percentile<E extends Numeric>(
  value: E,
  p: number,
  options: PercentileOptions = {},
): NumberExpression<NullOf<E>, 'group'> {
  if (typeof options !== 'object' || options === null)
    throw expressionInvalid(`percentile takes { relativeError } as its options, not ${show(options)}`, {
      value: options,
    })
  checkOptions<PercentileOptions>('percentile', options, { exact: true, relativeError: true })
  if ('relativeError' in options) return over('percentileSketch', value, p, options.relativeError) as never
  return over('percentile', value, p) as never
}

/**
 * The value in the middle: `percentile(value, 0.5)`.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ typical: median(e.price) }))
 * ```
 */
export function median<E extends Numeric>(
  value: E,
  options: PercentileOptions = {},
): NumberExpression<NullOf<E>, 'group'> {
  return percentile(value, 0.5, options)
}
