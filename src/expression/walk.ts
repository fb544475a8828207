import type { ExpressionNode, ResultNode } from './node.ts'

/** Adds the names of the columns an expression reads to `into`. */
export function collectColumns(node: ExpressionNode | ResultNode, into: Set<string>): Set<string> {
  if (node.kind === 'column') into.add(node.name)
  else if (node.kind !== 'literal') for (const arg of node.args) collectColumns(arg, into)
  return into
}

/** How many nodes an expression has. */
export function countNodes(node: ExpressionNode | ResultNode): number {
  if (node.kind === 'column' || node.kind === 'literal') return 1
  return node.args.reduce((sum, arg) => sum + countNodes(arg), 1)
}

/** The expression with each column in `replacements` replaced by what stands there. */
export function substituteColumns(
  node: ExpressionNode,
  replacements: ReadonlyMap<string, ExpressionNode>,
): ExpressionNode {
  if (node.kind === 'column') return replacements.get(node.name) ?? node
  if (node.kind === 'literal') return node
  return Object.freeze({ ...node, args: Object.freeze(node.args.map(arg => substituteColumns(arg, replacements))) })
}
