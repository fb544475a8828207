import { planInvalid } from '../errors.ts'
import { columnsOf } from '../expression/columns.ts'
import { type Ordering, sortTerms } from '../expression/ordering.ts'
import { checkOptions, type OptionNames } from '../options.ts'
import { said } from '../plan/expression-arguments.ts'
import type { TopRowsNode, WindowOrderNode } from '../plan/logical-node.ts'
import type { PlanScope } from '../plan/plan-scope.ts'
import { type Ties, topRowsNode, windowOrderNode } from '../plan/window-order.ts'
import { orderedResults } from '../plan/window-results.ts'
import type { Schema } from '../schema/schema.ts'

/** What an order is said with: one term, or several, the most important first. */
export type RowOrdering = Ordering<'literal' | 'row'> | readonly Ordering<'literal' | 'row'>[]

/** What else `topN` takes. */
export interface TopOptions<K extends string, R extends string> {
  /** Columns: the first n of each of their values are kept, in the order the values come up. */
  readonly by?: readonly K[]
  /**
   * What becomes of rows equal to the last one kept: `'drop'` (the default) keeps exactly n, of equal rows those that
   * came first (SQL's ROW_NUMBER); `'keep'` keeps all of them, and equal rows share a rank (SQL's RANK).
   */
  readonly ties?: Ties
  /** Name of a column that takes the ranks, from 1. */
  readonly rank?: R
}

const TOP: OptionNames<TopOptions<never, never>> = { by: true, ties: true, rank: true }
const TOP_ROWS: OptionNames<Omit<TopOptions<never, never>, 'by'>> = { ties: true, rank: true }

/** @throws EventfluxError `PLAN_INVALID`, `EXPRESSION_INVALID`. */
export function orderStep(method: string, scope: PlanScope, order: (row: never) => unknown): WindowOrderNode {
  orderedResults(scope.results)
  const terms = sortTerms(method, said(method, order, columnsOf(scope.schema) as never))
  if (terms.length === 0) throw planInvalid(`${method} takes at least one term to order by`)
  return windowOrderNode({ order: terms })
}

/** @throws EventfluxError `OPTION_INVALID`, `PLAN_INVALID`, `EXPRESSION_INVALID`. */
export function topStep(
  scope: PlanScope,
  n: unknown,
  order: (row: never) => unknown,
  options: TopOptions<string, string>,
): WindowOrderNode {
  checkOptions('topN', options, TOP)
  const { by, ties, rank } = options
  return windowOrderNode({
    ...orderStep('topN', scope, order),
    limit: n ?? null,
    by: by ?? [],
    ties: ties ?? 'drop',
    rank,
  })
}

/** @throws EventfluxError `OPTION_INVALID`, `PLAN_INVALID`, `EXPRESSION_INVALID`. */
export function topRowsStep(
  schema: Schema,
  keys: readonly string[],
  window: unknown,
  n: unknown,
  order: (row: never) => unknown,
  options: Omit<TopOptions<string, string>, 'by'>,
): TopRowsNode {
  checkOptions('topRows', options, TOP_ROWS)
  const { ties, rank } = options
  const terms = sortTerms('topRows', said('topRows', order, columnsOf(schema) as never))
  return topRowsNode(window, { order: terms, limit: n ?? null, by: keys, ties: ties ?? 'drop', rank })
}

/** What else `limit` takes. */
export interface LimitOptions {
  /** Rows to leave out before; 0 by default. */
  readonly offset?: number
}

/** @throws EventfluxError `OPTION_INVALID`. */
export function limitStep(n: unknown, options: LimitOptions): WindowOrderNode {
  checkOptions<LimitOptions>('limit', options, { offset: true })
  return windowOrderNode({ limit: n ?? null, offset: options.offset ?? 0 })
}
