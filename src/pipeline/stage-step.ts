import { type LinkOptions, linkSpec } from '../plan/link-options.ts'
import type { LogicalPlan } from '../plan/logical-node.ts'
import { makePlan } from '../plan/make-node.ts'

export type { LinkOptions }

/** The plan with a further stage behind its steps. @throws EventfluxError `PLAN_INVALID`, `OPTION_INVALID` */
export function stagedPlan(
  { source, nodes, stages = [], links = [] }: LogicalPlan,
  options?: LinkOptions,
): LogicalPlan {
  const link = linkSpec(nodes.length, options)
  return makePlan(source, nodes, [...stages, nodes.length], link === undefined ? links : [...links, link])
}
