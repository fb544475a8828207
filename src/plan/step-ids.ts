import type { LogicalNode } from './logical-node.ts'

/**
 * Names for the steps of a plan that stay the same when other steps come or go: the one a step was given, or of what kind
 * it is, and the how many-th of its kind without a name, in its branch. What a step keeps is found again in a checkpoint by
 * it.
 */
export function stepIds(nodes: readonly LogicalNode[], branch = ''): ReadonlyMap<LogicalNode, string> {
  const ids = new Map<LogicalNode, string>()
  const counts = new Map<string, number>()
  for (const node of nodes) {
    if (node.id === undefined) {
      const count = (counts.get(node.op) ?? 0) + 1
      counts.set(node.op, count)
      ids.set(node, `${branch}${node.op}-${count}`)
    } else ids.set(node, `@${node.id}`)
    if (node.op === 'tee') for (const [inner, id] of stepIds(node.plan, `${branch}${node.name}/`)) ids.set(inner, id)
  }
  return ids
}

/** The names steps of a plan were given, those in its branches among them. */
export const givenIds = (nodes: readonly LogicalNode[]): string[] =>
  nodes.flatMap(node => [
    ...(node.id === undefined ? [] : [node.id]),
    ...(node.op === 'tee' ? givenIds(node.plan) : []),
  ])
