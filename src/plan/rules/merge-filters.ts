import type { ExpressionNode } from '../../expression/node.ts'
import type { FilterNode, LogicalNode } from '../logical-node.ts'
import { filterNode } from '../make-node.ts'

/**
 * Makes one filter of neighbouring ones: one pass over the rows and one selection instead of several. `and` looks at
 * its conditions in order and an error behind a false one counts for nothing, as behind a filter.
 */
export function mergeFilters(nodes: readonly LogicalNode[]): readonly LogicalNode[] {
  const merged: LogicalNode[] = []
  for (const node of nodes) {
    const before = merged.at(-1)
    if (node.op === 'filter' && before?.op === 'filter') merged[merged.length - 1] = both(before, node)
    else merged.push(node)
  }
  return merged
}

function both(first: FilterNode, second: FilterNode): FilterNode {
  const args = Object.freeze([...conditionsOf(first.predicate), ...conditionsOf(second.predicate)])
  return filterNode(Object.freeze({ kind: 'call', fn: 'and', args }))
}

const conditionsOf = (node: ExpressionNode): readonly ExpressionNode[] =>
  node.kind === 'call' && node.fn === 'and' ? node.args : [node]
