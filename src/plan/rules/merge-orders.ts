import type { LogicalNode, WindowOrderNode } from '../logical-node.ts'
import { windowOrderNode } from '../window-order.ts'

/** Makes one step of an order and a limit right behind it: then the order keeps what the limit lets through, and no more. */
export function mergeOrders(nodes: readonly LogicalNode[]): readonly LogicalNode[] {
  const merged: LogicalNode[] = []
  for (const node of nodes) {
    const before = merged.at(-1)
    if (node.op === 'windowOrder' && before?.op === 'windowOrder' && isOrder(before) && isLimit(node))
      merged[merged.length - 1] = windowOrderNode({ order: before.order, offset: node.offset, limit: node.limit })
    else merged.push(node)
  }
  return merged
}

/** A step that has a name stays one. */
const isPlain = ({ by, rank, ties, id }: WindowOrderNode & { readonly id?: string }): boolean =>
  id === undefined && by.length === 0 && rank === undefined && ties === 'drop'

const isOrder = (node: WindowOrderNode): boolean => isPlain(node) && node.limit === undefined && node.offset === 0

const isLimit = (node: WindowOrderNode): boolean => isPlain(node) && node.order.length === 0
