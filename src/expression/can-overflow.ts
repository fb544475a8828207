import type { Schema } from '../schema/schema.ts'
import { inferType } from './infer-type.ts'
import type { ExpressionNode, FunctionName } from './node.ts'

const CHECKED: ReadonlySet<FunctionName> = new Set(['add', 'sub', 'mul', 'idiv', 'neg', 'abs'])

/** Whether an expression can end the job with `OVERFLOW`: then the rows it is computed for must stay the same. */
export function canOverflow(node: ExpressionNode, schema: Schema): boolean {
  if (node.kind !== 'call') return false
  if (CHECKED.has(node.fn) && inferType(node, schema).name === 'i64') return true
  return node.args.some(arg => canOverflow(arg, schema))
}
