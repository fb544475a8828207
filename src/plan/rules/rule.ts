import type { LogicalNode } from '../logical-node.ts'
import type { PlanScope } from '../plan-scope.ts'

/**
 * A rewriting of steps that changes no answer: the same rows in the same order, the same late rows, the same errors.
 * Branches are not its business: `optimise` hands them to it on their own.
 *
 * @param scope What stands before the first of `nodes`.
 */
export type Rule = (nodes: readonly LogicalNode[], scope: PlanScope) => readonly LogicalNode[]
