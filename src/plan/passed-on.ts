import type { ExpressionNode } from '../expression/node.ts'
import { collectColumns } from '../expression/walk.ts'
import type { Schema } from '../schema/schema.ts'
import type { LogicalNode } from './logical-node.ts'

/**
 * The columns of a schema whose values steps only pass on: to functions of the user's own, to sinks, to columns of other
 * names. No other expression reads them, no window, no order.
 */
export function passedOnColumns({ fields }: Schema, nodes: readonly LogicalNode[]): ReadonlySet<string> {
  const names = fields.map(({ name }) => name)
  const read = new Set<string>()
  follow(nodes, new Map(names.map(name => [name, name])), read)
  return new Set(names.filter(name => !read.has(name)))
}

/** Adds the columns that are read to `read`. @param columns What the columns before the first step come from, by name. */
function follow(nodes: readonly LogicalNode[], columns: ReadonlyMap<string, string>, read: Set<string>): void {
  let present = columns
  const reads = (names: Iterable<string>): void => {
    for (const name of names) if (present.has(name)) read.add(present.get(name)!)
  }
  for (const node of nodes) {
    switch (node.op) {
      case 'eventTime':
        if (node.watermarks.kind === 'punctuated') reads(collectColumns(node.watermarks.expression, new Set()))
        break
      case 'processingTime':
      case 'filterRows':
        break
      case 'filter':
        reads(comparedColumns(node.predicate, new Set()))
        break
      case 'project':
        for (const { expression } of node.columns)
          if (expression.kind !== 'column') reads(comparedColumns(expression, new Set()))
        present = new Map(node.columns.flatMap(({ name, expression }) => copied(present, name, expression)))
        break
      case 'tee':
        follow(node.plan, present, read)
        break
      case 'mapRows':
      case 'process':
        return
      default:
        // Windows, orders and rates hold values or compare them: whatever gets there counts as read.
        reads(present.keys())
        return
    }
  }
}

/** Adds the columns an expression does more with than giving them to a function of the user's own. */
function comparedColumns(node: ExpressionNode, into: Set<string>): Set<string> {
  if (node.kind === 'column') into.add(node.name)
  if (node.kind !== 'call') return into
  for (const arg of node.args) if (node.fn !== 'user' || arg.kind !== 'column') comparedColumns(arg, into)
  return into
}

function copied(
  present: ReadonlyMap<string, string>,
  name: string,
  expression: ExpressionNode,
): readonly (readonly [string, string])[] {
  const origin = expression.kind === 'column' ? present.get(expression.name) : undefined
  return origin === undefined ? [] : [[name, origin]]
}
