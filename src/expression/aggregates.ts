import type { DataType } from '../schema/data-type.ts'
import type { NumberOver, Numeric, Orderable, RowScope } from './aggregate-input.ts'
import { over } from './aggregate-over.ts'
import type { BooleanExpression, Expression, ExpressionOf, NullOf, NumberExpression } from './expression.ts'
import { aggregateCall, literal } from './typed-expression.ts'

/** The value of the same type, one for a group. */
type OfGroup<E extends Expression> = ExpressionOf<DataType<E['type']['name'], NullOf<E>>, 'group'>

/**
 * `count()`: the rows of a group. `count(value)`: those where the value isn't null. Never null.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ trades: count(), notes: count(e.note) }))
 * ```
 */
export function count(value?: Expression<boolean, RowScope>): NumberExpression<false, 'group'> {
  return (value === undefined ? aggregateCall('count', []) : over('count', value)) as never
}

/**
 * The rows where the condition is true. Never null.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ large: countIf(e.size.gt(1_000)) }))
 * ```
 */
export function countIf(condition: BooleanExpression<boolean, RowScope> | boolean): NumberExpression<false, 'group'> {
  return over('countIf', typeof condition === 'boolean' ? literal(condition, 'bool') : condition) as never
}

/**
 * The sum: of i64 values exactly, ending the job with `OVERFLOW` when it leaves the type; of other numbers in f64 with
 * compensation, so that integers are exact up to 2^53.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ volume: sum(e.size) }))
 * ```
 */
export function sum<E extends Numeric>(value: E): NumberOver<E> {
  return over('sum', value) as never
}

/**
 * The mean, from the compensated sum.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ mean: avg(e.price) }))
 * ```
 */
export function avg<E extends Numeric>(value: E): NumberExpression<NullOf<E>, 'group'> {
  return over('avg', value) as never
}

/**
 * The least value. NaN is passed over; where every value is NaN, so is the result.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ low: min(e.price) }))
 * ```
 */
export function min<E extends Orderable>(value: E): OfGroup<E> {
  return over('min', value) as never
}

/**
 * The greatest value. NaN is passed over; where every value is NaN, so is the result.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ high: max(e.price) }))
 * ```
 */
export function max<E extends Orderable>(value: E): OfGroup<E> {
  return over('max', value) as never
}

/**
 * The value that arrived first.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ open: first(e.price) }))
 * ```
 */
export function first<E extends Expression<boolean, RowScope>>(value: E): OfGroup<E> {
  return over('first', value) as never
}

/**
 * The value that arrived last.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ close: last(e.price) }))
 * ```
 */
export function last<E extends Expression<boolean, RowScope>>(value: E): OfGroup<E> {
  return over('last', value) as never
}

/**
 * The variance of the population: 0 for a single row.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ spread: variance(e.price) }))
 * ```
 */
export function variance<E extends Numeric>(value: E): NumberExpression<NullOf<E>, 'group'> {
  return over('variance', value) as never
}

/**
 * The variance of a sample: null for a single row.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ spread: varianceSample(e.price) }))
 * ```
 */
export function varianceSample(value: Numeric): NumberExpression<true, 'group'> {
  return over('varianceSample', value) as never
}

/**
 * The standard deviation of the population: 0 for a single row.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ deviation: stdDev(e.price) }))
 * ```
 */
export function stdDev<E extends Numeric>(value: E): NumberExpression<NullOf<E>, 'group'> {
  return over('stdDev', value) as never
}

/**
 * The standard deviation of a sample: null for a single row.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ deviation: stdDevSample(e.price) }))
 * ```
 */
export function stdDevSample(value: Numeric): NumberExpression<true, 'group'> {
  return over('stdDevSample', value) as never
}
