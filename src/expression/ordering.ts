import { expressionInvalid, planInvalid, show } from '../errors.ts'
import type { Expression, Scope } from './expression.ts'
import type { ExpressionNode } from './node.ts'
import { TypedExpression } from './typed-expression.ts'

/** Which way values go. */
type Direction = 'asc' | 'desc'

/** A term of an order as data. */
export interface SortTerm {
  readonly expression: ExpressionNode
  readonly direction: Direction
}

/** What rows are ordered by, and which way: made by `asc` and `desc`. */
export interface Ordering<S extends Scope = Scope> {
  readonly by: Expression<boolean, S>
  readonly direction: Direction
}

/** Most terms of an order. */
export const MAX_SORT_TERMS = 64

/**
 * Least first. Rows without a value (null, NaN) come last.
 *
 * @example
 * ```ts
 * highs.orderBy(r => [asc(r.symbol)])
 * ```
 */
export const asc = <S extends Scope>(by: Expression<boolean, S>): Ordering<S> => ordering(by, 'asc')

/**
 * Greatest first. Rows without a value (null, NaN) come last here too.
 *
 * @example
 * ```ts
 * highs.topN(3, r => desc(r.high))
 * ```
 */
export const desc = <S extends Scope>(by: Expression<boolean, S>): Ordering<S> => ordering(by, 'desc')

const ordering = <S extends Scope>(by: Expression<boolean, S>, direction: Direction): Ordering<S> =>
  Object.freeze({ by, direction })

/**
 * What a callback of the builder gave, one term or several, as data.
 *
 * @throws EventfluxError `PLAN_INVALID`, or `EXPRESSION_INVALID` for an aggregate.
 */
export function sortTerms(method: string, given: unknown): readonly SortTerm[] {
  return (Array.isArray(given) ? given : [given]).map((each): SortTerm => {
    const { by, direction } = (each ?? {}) as Partial<Ordering>
    if (!(by instanceof TypedExpression) || direction === undefined)
      throw planInvalid(`${method} takes asc(…) and desc(…) over columns, not ${show(each)}`, { value: each })
    if (by.scope === 'group')
      throw expressionInvalid(`${method} looks at one row at a time: aggregates stand in window(…).aggregate(…)`)
    return Object.freeze({ expression: by.node as ExpressionNode, direction })
  })
}
