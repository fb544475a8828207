import { expressionInvalid, show } from '../errors.ts'
import type { DataType } from '../schema/data-type.ts'
import {
  type AggregateDefinition,
  checkDefinition,
  type ReturnTypeName,
  type TypedAggregateDefinition,
} from './aggregate-definition.ts'
import type { RowScope } from './aggregate-input.ts'
import type {
  BigIntExpression,
  BooleanExpression,
  Expression,
  ExpressionOf,
  NumberExpression,
  ObjectExpression,
  StringExpression,
  TimestampExpression,
} from './expression.ts'
import { aggregateCall, TypedExpression } from './typed-expression.ts'

type ExpressionFor<V> = [V] extends [boolean]
  ? BooleanExpression<boolean, RowScope>
  : [V] extends [number]
    ? NumberExpression<boolean, RowScope> | TimestampExpression<boolean, RowScope>
    : [V] extends [bigint]
      ? BigIntExpression<boolean, RowScope>
      : [V] extends [string]
        ? StringExpression<boolean, RowScope>
        : Expression<boolean, RowScope>
type ExpressionsFor<V extends readonly unknown[]> = { [I in keyof V]: ExpressionFor<V[I]> }

/**
 * Makes an aggregate out of functions of your own.
 *
 * Without `returns` its results are handed to the sink as they are. With it they are a column of that type, which
 * expressions can go on with.
 *
 * @throws EventfluxError `EXPRESSION_INVALID` for a definition without `create`, `add` and `result`, or arguments that are
 * no expressions.
 *
 * @example
 * ```ts
 * const geometricMean = aggregateOf({
 *   create: () => ({ logs: 0, n: 0 }),
 *   add: (mean, value: number) => ({ logs: mean.logs + Math.log(value), n: mean.n + 1 }),
 *   merge: (mean, other) => ({ logs: mean.logs + other.logs, n: mean.n + other.n }),
 *   result: mean => Math.exp(mean.logs / mean.n),
 *   returns: f64(),
 * })
 * windowed.aggregate(e => ({ typical: geometricMean(e.price) }))
 * ```
 */
export function aggregateOf<A, V extends readonly unknown[], const D extends DataType<ReturnTypeName>>(
  definition: TypedAggregateDefinition<A, V, D>,
): (...values: ExpressionsFor<V>) => ExpressionOf<D, 'group'>
export function aggregateOf<A, V extends readonly unknown[], R>(
  definition: AggregateDefinition<A, V, R>,
): (...values: ExpressionsFor<V>) => ObjectExpression<R>
export function aggregateOf(definition: unknown): unknown {
  const checked = checkDefinition(definition)
  return (...values: unknown[]) => {
    for (const value of values)
      if (!(value instanceof TypedExpression))
        throw expressionInvalid(`An aggregate takes expressions such as e.price, not ${show(value)}`, { value })
    return aggregateCall('user', values as TypedExpression[], checked)
  }
}
