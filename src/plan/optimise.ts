import type { LogicalNode, LogicalPlan } from './logical-node.ts'
import { makePlan } from './make-node.ts'
import { type PlanScope, scopesOf, sourceScope } from './plan-scope.ts'
import { foldConstants } from './rules/fold-constants.ts'
import { mergeFilters } from './rules/merge-filters.ts'
import { mergeOrders } from './rules/merge-orders.ts'
import { pruneColumns } from './rules/prune-columns.ts'
import { pushFiltersDown } from './rules/push-filters-down.ts'
import type { Rule } from './rules/rule.ts'

/** The rules by name, in the order they are applied. */
export const RULES = { foldConstants, pushFiltersDown, mergeFilters, mergeOrders, pruneColumns } satisfies Readonly<
  Record<string, Rule>
>

export type RuleName = keyof typeof RULES

/**
 * An equivalent plan that is cheaper to run: the same answers, fewer columns and passes.
 *
 * @param options.rules Which rules to apply; all of them by default.
 */
export function optimise(plan: LogicalPlan, options: { readonly rules?: readonly RuleName[] } = {}): LogicalPlan {
  const names = options.rules ?? (Object.keys(RULES) as RuleName[])
  const nodes = names.reduce((nodes, name) => everywhere(RULES[name], nodes, sourceScope(plan)), plan.nodes)
  return makePlan(plan.source, nodes)
}

/**
 * Applies a rule to the steps of every branch, then to those that lead to it: what a step must provide is known once the
 * branches behind it are what they will be.
 */
function everywhere(rule: Rule, nodes: readonly LogicalNode[], scope: PlanScope): readonly LogicalNode[] {
  const scopes = scopesOf(nodes, scope)
  const rewritten = nodes.map((node, i) =>
    node.op === 'tee'
      ? Object.freeze({ ...node, plan: Object.freeze([...everywhere(rule, node.plan, scopes[i]!)]) })
      : node,
  )
  return rule(rewritten, scope)
}
