import type { LogicalNode } from './logical-node.ts'

/** Names of the sinks a plan has besides its own: of its branches, theirs, and of the rows its windows don't take. */
export const branchNames = (nodes: readonly LogicalNode[]): string[] =>
  nodes.flatMap(node => {
    if (node.op === 'tee') return [node.name, ...branchNames(node.plan)]
    const isWindow = node.op === 'windowAggregate' || node.op === 'topRows'
    const lateTo = isWindow && 'lateTo' in node.window ? node.window.lateTo : undefined
    return lateTo === undefined ? [] : [lateTo]
  })
