import type { ExpressionNode, ResultNode } from '../expression/node.ts'
import type { LogicalNode } from './logical-node.ts'

/** Makes another expression of the same kind. */
type ExpressionMap = <Node extends ExpressionNode | ResultNode>(expression: Node) => Node

/** A step with its expressions replaced by what `map` makes of them; those of a branch are in steps of its own. */
export function mapExpressions(node: LogicalNode, map: ExpressionMap): LogicalNode {
  switch (node.op) {
    case 'filter':
      return { ...node, predicate: map(node.predicate) }
    case 'project':
      return { ...node, columns: node.columns.map(each => ({ ...each, expression: map(each.expression) })) }
    case 'windowAggregate':
      return { ...node, results: node.results.map(each => ({ ...each, result: map(each.result) })) }
    case 'rowWindow': {
      const results = node.results.map(each =>
        'result' in each ? { ...each, result: map(each.result) } : { ...each, expression: map(each.expression) },
      )
      const having = node.having && { having: map(node.having) }
      return { ...node, results, ...having, ...(node.order && { order: node.order.map(term => mapTerm(term, map)) }) }
    }
    case 'windowOrder':
    case 'topRows':
      return { ...node, order: node.order.map(term => mapTerm(term, map)) }
    default:
      // No other step has any, but for conditions of watermarks: these hold no function of the user's.
      return node
  }
}

function mapTerm<Term extends { readonly expression: ExpressionNode }>(term: Term, map: ExpressionMap): Term {
  return { ...term, expression: map(term.expression) }
}
