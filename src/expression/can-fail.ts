import type { Schema } from '../schema/schema.ts'
import { inferType } from './infer-type.ts'
import type { ExpressionNode, FunctionName } from './node.ts'

const CHECKED: ReadonlySet<FunctionName> = new Set(['add', 'sub', 'mul', 'idiv', 'neg', 'abs'])

/**
 * Whether an expression can end the job, by an `OVERFLOW` or a function of the user's own: then the rows it is computed for
 * must stay the same.
 */
export function canFail(node: ExpressionNode, schema: Schema): boolean {
  if (node.kind !== 'call') return false
  if (node.fn === 'user' || (CHECKED.has(node.fn) && inferType(node, schema).name === 'i64')) return true
  return node.args.some(arg => canFail(arg, schema))
}
