import type { LogicalNode } from '../logical-node.ts'
import type { PlanScope } from '../plan-scope.ts'
import { scopesOf } from '../plan-scope.ts'
import { keptColumns, keptResults, requiredBefore } from '../required-columns.ts'

/** Leaves out projected columns and window results that nobody reads. */
export function pruneColumns(nodes: readonly LogicalNode[], scope: PlanScope): readonly LogicalNode[] {
  const required = requiredBefore(nodes, scope)
  const scopes = scopesOf(nodes, scope)
  return nodes.map((node, i) => {
    const after = required[i + 1]!
    if (node.op === 'project')
      return Object.freeze({ ...node, columns: Object.freeze(keptColumns(node, after, scopes[i]!)) })
    if (node.op === 'windowAggregate')
      return Object.freeze({ ...node, results: Object.freeze(keptResults(node, after, scopes[i]!)) })
    return node
  })
}
