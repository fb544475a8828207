import { expressionInvalid, planInvalid, show } from '../errors.ts'
import type { ExpressionNode, ResultNode } from '../expression/node.ts'
import { TypedExpression } from '../expression/typed-expression.ts'
import { bareColumn } from '../expression/validate-node.ts'
import type { RowWindowResult } from './logical-node.ts'

/** What a callback of the builder returned, as the node of an expression over rows. */
export function rowExpression(method: string, given: unknown): ExpressionNode {
  const expression = expressionOf(method, given)
  if (expression.scope === 'group')
    throw expressionInvalid(`${method} looks at one row at a time: aggregates stand in window(…).aggregate(…)`)
  return expression.node as ExpressionNode
}

/**
 * What a callback says of the columns handed to it.
 *
 * @throws EventfluxError `EXPRESSION_INVALID` for what is no function.
 */
export function said<A extends readonly unknown[], R>(
  method: string,
  callback: (...columns: A) => R,
  ...columns: A
): R {
  if (typeof callback === 'function') return callback(...columns)
  throw expressionInvalid(`${method} takes a function of the columns, as in e => e.price, not ${show(callback)}`, {
    value: callback,
    at: method,
  })
}

/** What a callback returned, as named expressions over rows, in the order of its own properties. */
export const namedRowExpressions = (method: string, given: unknown) =>
  entriesOf(method, given).map(([name, value]) => ({ name, expression: rowExpression(method, value) }))

/** What a callback returned, as named results over groups. */
export const namedResults = (method: string, given: unknown) =>
  entriesOf(method, given).map(([name, value]) => {
    const { node, scope } = expressionOf(method, value)
    if (scope === 'row') throw bareColumn(node.kind === 'column' ? node.name : name)
    return { name, result: node as ResultNode }
  })

/** The same for rows that come out of a window: aggregates, and expressions over the row itself. */
export const namedRowResults = (method: string, given: unknown): RowWindowResult[] =>
  entriesOf(method, given).map(([name, value]) => {
    const { node, scope } = expressionOf(method, value)
    return scope === 'row' ? { name, expression: node as ExpressionNode } : { name, result: node as ResultNode }
  })

function entriesOf(method: string, given: unknown): [string, unknown][] {
  if (typeof given === 'object' && given !== null && !Array.isArray(given) && !(given instanceof TypedExpression))
    return Object.entries(given)
  throw planInvalid(`${method} takes e => ({ name: expression, … }), which gave ${show(given)}`, { value: given })
}

function expressionOf(method: string, given: unknown): TypedExpression {
  if (given instanceof TypedExpression) return given
  throw expressionInvalid(`${method} got ${show(given)} where an expression belongs: ${insteadOf(given)}`, {
    value: given,
  })
}

/** What to write instead of what is no expression. */
function insteadOf(given: unknown): string {
  if (given === undefined) return 'a function with braces returns what it says'
  if (typeof given === 'function') return `call it, as in ${given.name || 'count'}()`
  if (typeof given === 'object' && given !== null && 'otherwise' in given) return 'end the cases with .otherwise(value)'
  return 'write e.price.gt(100) instead of a JavaScript comparison, and lit(value) for a value'
}
