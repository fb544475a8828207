import { type FunctionDefinition, isSameFunction } from './function-definition.ts'
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

/** The expression with each function of the user's own in it replaced by what `map` says. */
export function mapFunctions<Node extends ExpressionNode | ResultNode>(
  node: Node,
  map: (definition: FunctionDefinition) => FunctionDefinition,
): Node {
  if (node.kind === 'column' || node.kind === 'literal') return node
  const args = Object.freeze(node.args.map(arg => mapFunctions(arg, map)))
  const definition = node.kind === 'call' && node.definition !== undefined && { definition: map(node.definition) }
  return Object.freeze({ ...node, args, ...definition }) as Node
}

/** Whether two expressions compute the same: functions of the user's own are the same ones then. */
export function isSame(a: ExpressionNode | ResultNode, b: ExpressionNode | ResultNode): boolean {
  if (a === b) return true
  switch (a.kind) {
    case 'column':
      return b.kind === 'column' && a.name === b.name
    case 'literal':
      return b.kind === 'literal' && a.type === b.type && a.value === b.value
    case 'aggregate':
      return b.kind === 'aggregate' && a.fn === b.fn && a.definition === b.definition && areSame(a.args, b.args)
    case 'call':
      return b.kind === 'call' && a.fn === b.fn && isSameFunction(a.definition, b.definition) && areSame(a.args, b.args)
  }
}

const areSame = (a: readonly (ExpressionNode | ResultNode)[], b: readonly (ExpressionNode | ResultNode)[]): boolean =>
  a.length === b.length && a.every((node, i) => isSame(node, b[i]!))

/** The expression with each column in `replacements` replaced by what stands there. */
export function substituteColumns(
  node: ExpressionNode,
  replacements: ReadonlyMap<string, ExpressionNode>,
): ExpressionNode {
  if (node.kind === 'column') return replacements.get(node.name) ?? node
  if (node.kind === 'literal') return node
  return Object.freeze({ ...node, args: Object.freeze(node.args.map(arg => substituteColumns(arg, replacements))) })
}
