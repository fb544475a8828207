import type { LogicalNode } from './logical-node.ts'

/**
 * Names for the steps of a plan that stay the same when steps of other kinds come or go: of what kind a step is, and the
 * how many-th of its kind, in its branch. What a step keeps is found again in a checkpoint by its name.
 */
export function stepIds(nodes: readonly LogicalNode[], branch = ''): ReadonlyMap<LogicalNode, string> {
  const ids = new Map<LogicalNode, string>()
  const counts = new Map<string, number>()
  for (const node of nodes) {
    const count = (counts.get(node.op) ?? 0) + 1
    counts.set(node.op, count)
    ids.set(node, `${branch}${node.op}-${count}`)
    if (node.op === 'tee') for (const [inner, id] of stepIds(node.plan, `${branch}${node.name}/`)) ids.set(inner, id)
  }
  return ids
}
