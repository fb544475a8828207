import type { Chain } from '../operators/chain.ts'
import { explainPlan } from '../plan/explain.ts'
import type { LogicalPlan } from '../plan/logical-node.ts'
import type { JobMeter } from './job-meter.ts'
import { describeMode, type JobMode } from './job-mode.ts'

/** How a job runs, as text: its plan, with what its operators say of themselves and what was seen of them. */
export function explainJob(plan: LogicalPlan, chain: Chain, meter: JobMeter | undefined, mode: JobMode): string {
  const notes = plan.nodes.map(node =>
    (chain.operatorsOf.get(node) ?? []).flatMap(operator => [
      ...(operator.notes?.() ?? []),
      ...(meter?.notesOn(operator) ?? []),
    ]),
  )
  return explainPlan(plan, notes, describeMode(mode))
}
