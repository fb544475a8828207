import type { ExpressionNode } from '../../expression/node.ts'

const MAX_LENGTH = 120

/** An expression as text for messages, such as `mul(price, 2)`; long ones are cut. */
export function describeExpression(node: ExpressionNode): string {
  const text = write(node, 6)
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
}

function write(node: ExpressionNode, depth: number): string {
  switch (node.kind) {
    case 'column':
      return node.name
    case 'literal':
      return typeof node.value === 'string' && node.type === 'utf8' ? JSON.stringify(node.value) : String(node.value)
    case 'call': {
      const name = node.definition?.name ?? node.fn
      if (depth === 0) return `${name}(…)`
      return `${name}(${node.args
        .slice(0, 8)
        .map(arg => write(arg, depth - 1))
        .join(', ')}${node.args.length > 8 ? ', …' : ''})`
    }
  }
}
