import { planInvalid, show } from '../errors.ts'
import type { LogicalNode, LogicalPlan } from './logical-node.ts'

/**
 * The plan itself, after making sure that JSON can hold it.
 *
 * @throws EventfluxError `PLAN_INVALID` for a plan with a JavaScript function in it.
 */
export function planToJSON(plan: LogicalPlan): LogicalPlan {
  refuseFunctions(plan.nodes)
  return plan
}

function refuseFunctions(nodes: readonly LogicalNode[]): void {
  for (const node of nodes) {
    if (node.op === 'tee') refuseFunctions(node.plan)
    else if ('fn' in node && typeof node.fn === 'function')
      throw planInvalid(
        `${node.op} ${show(node.name)} holds a function, which can't travel as data: give it as { module, export }`,
        { at: node.name },
      )
  }
}
