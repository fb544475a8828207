import { planInvalid, show } from '../errors.ts'
import { checkOptions } from '../options.ts'
import type { RowsNode } from '../plan/logical-node.ts'
import { rowsNode } from '../plan/make-node.ts'
import { fieldSpecs } from '../plan/plan-scope.ts'
import { checkStored, Schema } from '../schema/schema.ts'

import type { RowsOptions } from './pipeline-fields.ts'

/** The step of a function over row objects; it is called as the function is, unless it is given another name. */
export function rowFunctionStep(op: RowsNode['op'], fn: unknown, output: Schema, options: RowsOptions): RowsNode {
  checkOptions<RowsOptions>(op, options, { name: true })
  if (!(output instanceof Schema))
    throw planInvalid(`${op} takes the schema of its output first, not ${show(output)}`, { value: output })
  if (op !== 'filterRows') checkStored(output)
  const ownName = typeof fn === 'function' && fn.name !== '' ? fn.name.slice(0, 255) : op
  return rowsNode(op, fn, fieldSpecs(output), options.name ?? ownName)
}
