import { checkOptions, type OptionNames } from '../options.ts'
import type { DataType } from '../schema/data-type.ts'
import type { ValueOf } from '../schema/row-types.ts'
import type { Orderable, RowScope } from './aggregate-input.ts'
import { over, valueFor } from './aggregate-over.ts'
import type { BooleanExpression, Either, Expression, ExpressionOf, NullOf, ObjectExpression } from './expression.ts'
import { aggregateCall } from './typed-expression.ts'

type ListOf<E extends Expression> = ObjectExpression<readonly ValueOf[E['type']['name']][]>

/** Most values `collect` and `collectSet` keep where nothing else is said. */
const DEFAULT_MAX = 1000
const LIST: OptionNames<{ readonly max?: number }> = { max: true }

/**
 * The `value` of the row with the least `by`; of equals, of the one that arrived first. Rows where either is null are
 * passed over. A NaN counts as greater than any number.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ cheapest: argMin(e.symbol, e.price) }))
 * ```
 */
export function argMin<E extends Expression<boolean, RowScope>, B extends Orderable>(
  value: E,
  by: B,
): ExpressionOf<DataType<E['type']['name'], Either<NullOf<E>, NullOf<B>>>, 'group'> {
  return aggregateCall('argMin', [valueFor('argMin', value), valueFor('argMin', by)]) as never
}

/**
 * The `value` of the row with the greatest `by`; of equals, of the one that arrived first. Rows where either is null are
 * passed over. A NaN counts as less than any number.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ dearest: argMax(e.symbol, e.price) }))
 * ```
 */
export function argMax<E extends Expression<boolean, RowScope>, B extends Orderable>(
  value: E,
  by: B,
): ExpressionOf<DataType<E['type']['name'], Either<NullOf<E>, NullOf<B>>>, 'group'> {
  return aggregateCall('argMax', [valueFor('argMax', value), valueFor('argMax', by)]) as never
}

/**
 * Whether the condition is true in every row where it isn't null.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ allSized: boolAnd(e.size.gt(0)) }))
 * ```
 */
export function boolAnd<E extends BooleanExpression<boolean, RowScope>>(
  condition: E,
): BooleanExpression<NullOf<E>, 'group'> {
  return over('boolAnd', condition) as never
}

/**
 * Whether the condition is true in any row.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ anyLarge: boolOr(e.size.gt(100)) }))
 * ```
 */
export function boolOr<E extends BooleanExpression<boolean, RowScope>>(
  condition: E,
): BooleanExpression<NullOf<E>, 'group'> {
  return over('boolOr', condition) as never
}

/**
 * The least value of this window and of all that came out before it, for its key. Keys are never forgotten then: their
 * number is bounded by `maxKeys`. Windows that take back what they gave refuse it, but for global ones.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ low: min(e.price), lowest: minForever(e.price) }))
 * ```
 */
export function minForever<E extends Orderable>(
  value: E,
): ExpressionOf<DataType<E['type']['name'], NullOf<E>>, 'group'> {
  return over('minForever', value) as never
}

/**
 * The greatest value of this window and of all that came out before it, for its key. Keys are never forgotten then: their
 * number is bounded by `maxKeys`. Windows that take back what they gave refuse it, but for global ones.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ high: max(e.price), highest: maxForever(e.price) }))
 * ```
 */
export function maxForever<E extends Orderable>(
  value: E,
): ExpressionOf<DataType<E['type']['name'], NullOf<E>>, 'group'> {
  return over('maxForever', value) as never
}

/**
 * The `k` greatest values, the greatest first. Nulls and NaN are passed over.
 *
 * @param k From 1 to 1,000,000.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ best: topK(e.price, 3) }))
 * // best: readonly number[]
 * ```
 */
export function topK<E extends Orderable>(value: E, k: number): ListOf<E> {
  return over('topK', value, k) as never
}

/**
 * The `k` least values, the least first. Nulls and NaN are passed over.
 *
 * @param k From 1 to 1,000,000.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ worst: bottomK(e.price, 3) }))
 * ```
 */
export function bottomK<E extends Orderable>(value: E, k: number): ListOf<E> {
  return over('bottomK', value, k) as never
}

/**
 * The values in order of arrival, without nulls: the first `max` of them.
 *
 * @param options `max`: from 1 to 1,000,000; by default 1,000.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ symbols: collect(e.symbol, { max: 20 }) }))
 * // symbols: readonly string[]
 * ```
 */
export function collect<E extends Expression<boolean, RowScope>>(
  value: E,
  options: { readonly max?: number } = {},
): ListOf<E> {
  checkOptions('collect', options, LIST)
  return over('collect', value, options.max ?? DEFAULT_MAX) as never
}

/**
 * The different values in order of first arrival, without nulls: the first `max` of them. There is one zero and one NaN.
 *
 * @param options `max`: from 1 to 1,000,000; by default 1,000.
 *
 * @example
 * ```ts
 * windowed.aggregate(e => ({ symbols: collectSet(e.symbol) }))
 * ```
 */
export function collectSet<E extends Expression<boolean, RowScope>>(
  value: E,
  options: { readonly max?: number } = {},
): ListOf<E> {
  checkOptions('collectSet', options, LIST)
  return over('collectSet', value, options.max ?? DEFAULT_MAX) as never
}
