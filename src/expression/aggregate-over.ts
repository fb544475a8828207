import { expressionInvalid, show } from '../errors.ts'
import type { AggregateName } from './node.ts'
import { aggregateCall, literal, TypedExpression } from './typed-expression.ts'

/**
 * An aggregate over one value of each row, with the numbers that go with it.
 *
 * @throws EventfluxError `EXPRESSION_INVALID` when `value` is no expression, or the aggregate doesn't take it.
 */
export function over(fn: AggregateName, value: unknown, ...parameters: readonly unknown[]): TypedExpression {
  return aggregateCall(fn, [valueFor(fn, value), ...parameters.map(given => parameter(fn, given))])
}

/** A value of each row, as given to the aggregate `fn`. */
export function valueFor(fn: AggregateName, given: unknown): TypedExpression {
  if (given instanceof TypedExpression) return given
  throw expressionInvalid(`${fn} takes an expression such as e.price, not ${show(given)}`, { value: given })
}

function parameter(fn: AggregateName, given: unknown): TypedExpression {
  if (typeof given === 'number') return literal(given, 'f64')
  throw expressionInvalid(`${fn} takes a number here, not ${show(given)}`, { value: given })
}
