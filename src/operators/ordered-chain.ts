import type { LogicalNode } from '../plan/logical-node.ts'
import { orderedSteps, type TotalOrder } from '../plan/total-order.ts'
import { buildChain } from './build-chain.ts'
import type { Chain, ChainParts } from './chain.ts'
import type { InputColumn } from './evaluator/evaluation-frame.ts'

/** Makes the chain of a job on one thread whose results are to come as those of replicas do that are put in order. */
export function orderedChain(
  order: TotalOrder,
): (nodes: readonly LogicalNode[], columns: readonly InputColumn[], parts: ChainParts) => Chain {
  return (nodes, columns, parts) => {
    const steps = orderedSteps(nodes, order)
    const chain = buildChain(steps, columns, { ...parts, order })
    const given = (step: LogicalNode): LogicalNode => nodes[steps.indexOf(step)] ?? step
    return {
      ...chain,
      operatorsOf: new Map([...chain.operatorsOf].map(([step, operators]) => [given(step), operators])),
    }
  }
}
