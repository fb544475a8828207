import type { Stateful } from '../checkpoint/stateful.ts'
import { fingerprint } from '../plan/fingerprint.ts'
import type { LogicalNode } from '../plan/logical-node.ts'
import { FilterOperator } from './filter.ts'
import { FilterRowsOperator } from './filter-rows.ts'
import type { Operator } from './operator.ts'
import { ProjectOperator } from './project.ts'

/** What keeps something: under which name, for which step, and as what; undefined: it can't put it into bytes. */
export interface StatefulStep {
  readonly id: string
  /** The fingerprint of the step. */
  readonly shape: string
  readonly operator: Stateful | undefined
}

/** An operator of a step as what keeps something from batch to batch; none where there is nothing to keep. */
export function statefulSteps(stepId: string, node: LogicalNode, operator: Operator): StatefulStep[] {
  if (operator instanceof FilterOperator || operator instanceof FilterRowsOperator) return []
  if (operator instanceof ProjectOperator && operator.dictionaries.length === 0) return []
  const stateful = 'snapshot' in operator ? (operator as Operator & Stateful) : undefined
  // A name says which step it is, not of what.
  const { id: _, ...step } = node
  return [{ id: `${stepId}/${operator.name}`, shape: fingerprint(step), operator: stateful }]
}
