import { inferType } from '../expression/infer-type.ts'
import { literalNode } from '../expression/literal.ts'
import type { ExpressionNode } from '../expression/node.ts'
import type { SortTerm } from '../expression/ordering.ts'
import type { Schema } from '../schema/schema.ts'
import type { NamedExpression } from './lower-window.ts'

/** A prepared column rows are ordered by. f64 columns are turned: the least comes first, rows without a value are NaN. */
interface LoweredKey {
  readonly kind: 'f64' | 'i64' | 'utf8'
  readonly column: number
  readonly isDescending: boolean
}

/** An order taken apart: `prepare` projects the columns as they are, then those that are ordered by. */
export interface LoweredOrder {
  readonly prepare: readonly NamedExpression[]
  readonly keys: readonly LoweredKey[]
}

/** Names no schema may have: these columns are found by position. */
const SORTED_BY = 'sort:'

/**
 * Takes an order of rows of `schema` apart. i64 values are compared as f64 first, and exactly where those are equal: of
 * rows without a value, which are equal, nothing may tell one from another there.
 */
export function lowerOrder(order: readonly SortTerm[], schema: Schema): LoweredOrder {
  const prepare: NamedExpression[] = schema.fields.map(({ name }) => ({ name, expression: { kind: 'column', name } }))
  const keys: LoweredKey[] = []
  const add = (kind: LoweredKey['kind'], expression: ExpressionNode, isDescending: boolean): void => {
    const column = prepare.push({ name: `${SORTED_BY}${keys.length}`, expression }) - 1
    keys.push({ kind, column, isDescending })
  }
  for (const { expression, direction } of order) {
    const { name } = inferType(expression, schema)
    const isDescending = direction === 'desc'
    if (name === 'utf8') add('utf8', expression, isDescending)
    else add('f64', turned(expression, name === 'f64', isDescending), isDescending)
    if (name === 'i64') add('i64', orElse(expression, 0n), isDescending)
  }
  return { prepare, keys }
}

/** An order of rows that are kept: `prepare` projects the columns as they are, then those that are only ordered by. */
export interface KeptOrder {
  readonly prepare: readonly NamedExpression[]
  readonly keys: readonly { readonly column: number; readonly isDescending: boolean }[]
}

/** The same for rows that are kept whole: what they are ordered by isn't kept beside a column that says it already. */
export function lowerKeptOrder(order: readonly SortTerm[], schema: Schema): KeptOrder {
  const prepare = [...lowerOrder([], schema).prepare]
  const keys = order.flatMap((term): KeptOrder['keys'] => {
    const at = columnOf(term, schema)
    if (at >= 0) return [{ column: at, isDescending: term.direction === 'desc' }]
    const lowered = lowerOrder([term], schema)
    return lowered.keys.map(({ kind, column, isDescending }) => {
      const { expression } = lowered.prepare[column]!
      const added = prepare.push({ name: `${SORTED_BY}${prepare.length}`, expression }) - 1
      return { column: added, isDescending: kind !== 'f64' && isDescending }
    })
  })
  return { prepare, keys }
}

/** The column that is ordered by, where it is one that has a value in every row, or text; -1: it is none. */
function columnOf({ expression }: SortTerm, { fields }: Schema): number {
  if (expression.kind !== 'column') return -1
  const at = fields.findIndex(({ name }) => name === expression.name)
  const { name, isNullable } = fields[at]!.type
  return name === 'utf8' || (name !== 'bool' && !isNullable) ? at : -1
}

function turned(expression: ExpressionNode, isF64: boolean, isDescending: boolean): ExpressionNode {
  const number: ExpressionNode = isF64 ? expression : { kind: 'call', fn: 'toF64', args: [expression] }
  const value: ExpressionNode = isDescending ? { kind: 'call', fn: 'neg', args: [number] } : number
  return orElse(value, Number.NaN)
}

const orElse = (expression: ExpressionNode, other: number | bigint): ExpressionNode => ({
  kind: 'call',
  fn: 'coalesce',
  args: [expression, literalNode(other, typeof other === 'bigint' ? 'i64' : 'f64')],
})
