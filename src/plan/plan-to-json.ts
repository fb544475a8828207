import { planInvalid, show } from '../errors.ts'
import { definitionName } from '../expression/aggregate-definition.ts'
import type { ResultNode } from '../expression/node.ts'
import { functionsCalled } from './load-functions.ts'
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
    for (const { name, call } of functionsCalled(node))
      if (typeof call === 'function')
        throw planInvalid(`The function ${show(name)} can't travel as data: give it as { module, export }`, {
          at: name,
        })
    if (node.op === 'tee') refuseFunctions(node.plan)
    else if ('results' in node) {
      if (node.op === 'windowAggregate' && node.window.kind === 'global' && node.window.trigger.kind === 'own')
        throw planInvalid('A trigger of its own is made of functions, which cannot travel as data', { at: 'trigger' })
      for (const each of node.results) {
        const name = 'result' in each ? definedIn(each.result) : undefined
        if (name !== undefined)
          throw planInvalid(`The aggregate ${show(name)} is made of functions, which can't travel as data`, {
            at: name,
          })
      }
    } else if ('fn' in node && typeof node.fn === 'function')
      throw planInvalid(
        `${node.op} ${show(node.name)} holds a function, which can't travel as data: give it as { module, export }`,
        { at: node.name },
      )
  }
}

/** The name of an aggregate of the user's own in a result. */
function definedIn(result: ResultNode): string | undefined {
  if (result.kind === 'aggregate') return result.fn === 'user' ? definitionName(result.definition) : undefined
  return result.kind === 'call' ? result.args.map(definedIn).find(name => name !== undefined) : undefined
}
