import { planInvalid, show } from '../errors.ts'
import type { LogicalPlan, TeeNode } from '../plan/logical-node.ts'
import { teeNode } from '../plan/make-node.ts'
import { Runnable } from './runnable.ts'

/**
 * The step that sends rows through a side branch too.
 *
 * @param start The plan the branch begins with.
 * @param branch What was built from it.
 * @throws EventfluxError `PLAN_INVALID` unless it is a pipeline that begins there.
 */
export function branchStep(name: string, start: LogicalPlan, branch: unknown): TeeNode {
  if (branch instanceof Runnable && branch.plan.source === start.source && !branch.plan.stages)
    return teeNode(name, branch.plan.nodes)
  throw planInvalid(`The branch ${show(name)} is built from the pipeline handed to it, without stages, and returned`, {
    at: name,
  })
}
