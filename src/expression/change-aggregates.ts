import { expressionInvalid, show } from '../errors.ts'
import { checkOptions } from '../options.ts'
import { type Duration, durationMs } from '../time/duration.ts'
import type { NumberOver, Numeric, Orderable } from './aggregate-input.ts'
import { over } from './aggregate-over.ts'
import type { NullOf, NumberExpression } from './expression.ts'
import { aggregateCall, callOf } from './typed-expression.ts'

/**
 * The last value less the first, by arrival. Of i64 values exact; of timestamps, in milliseconds.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ change: delta(e.price) }))
 * ```
 */
export function delta<E extends Orderable>(value: E): NumberOver<E> {
  return callOf('sub', [over('last', value), over('first', value)]) as never
}

/**
 * `rate()`: the rows of a group for each second of its window. `rate(value)`: their sum for each second.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ tradesPerSecond: rate(), volumePerSecond: rate(e.size) }))
 * ```
 */
export function rate(): NumberExpression<false, 'group'>
export function rate<E extends Numeric>(value: E): NumberExpression<NullOf<E>, 'group'>
export function rate(value?: Numeric): unknown {
  return value === undefined ? aggregateCall('rate', []) : over('rate', value)
}

/** How fast an average forgets: by half in every `halfLife` of event time, or by the share `alpha` with every value. */
export type EmaOptions = { readonly halfLife: Duration } | { readonly alpha: number }

/**
 * An average in which older values of the window count less.
 *
 * With `halfLife` a value counts half as much as one that is that much later in event time: the order of arrival makes no
 * difference. With `alpha`, average = average × (1 − alpha) + value × alpha from the first value on, in order of arrival;
 * windows that overlap or merge can't have that one.
 *
 * @param options `halfLife` as `'10s'` or in milliseconds, more than 0; or `alpha`, more than 0 and at most 1.
 * @throws EventfluxError `EXPRESSION_INVALID` for an option out of its range.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ recent: ema(e.price, { halfLife: '10s' }) }))
 * ```
 */
export function ema<E extends Numeric>(value: E, options: EmaOptions): NumberExpression<NullOf<E>, 'group'> {
  if (typeof options !== 'object' || options === null)
    throw expressionInvalid(`ema takes { halfLife } or { alpha }, not ${show(options)}`, { value: options })
  checkOptions<EmaOptions>('ema', options, { halfLife: true, alpha: true })
  if ('alpha' in options) return over('emaAlpha', value, options.alpha) as never
  return over('ema', value, durationMs(options.halfLife, 'halfLife')) as never
}
