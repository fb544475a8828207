import { canFail } from '../../expression/can-fail.ts'
import { countNodes, substituteColumns } from '../../expression/walk.ts'
import type { FilterNode, LogicalNode, ProjectNode } from '../logical-node.ts'
import { filterNode } from '../make-node.ts'
import { type PlanScope, scopesOf } from '../plan-scope.ts'

/** A filter that grows beyond this on its way down would compute more than it saves. */
const MAX_SUBSTITUTED_NODES = 64

/**
 * Moves filters before projections, so that projections compute nothing for rows that fall out anyway. They stop at
 * everything else: before the event time they would hide rows from the watermark, before a window or a branch they
 * would hide rows from its counts, and user functions see what they see.
 */
export function pushFiltersDown(nodes: readonly LogicalNode[], scope: PlanScope): readonly LogicalNode[] {
  let plan = nodes
  for (let i = 1; i < plan.length; i++) plan = sink(plan, i, scope)
  return plan
}

/** Moves the filter at `i` as far down as it goes. */
function sink(nodes: readonly LogicalNode[], i: number, scope: PlanScope): readonly LogicalNode[] {
  const [below, node] = [nodes[i - 1], nodes[i]]
  if (node?.op !== 'filter' || below?.op !== 'project') return nodes
  const moved = beneath(node, below, scopesOf(nodes.slice(0, i - 1), scope).at(-1)!)
  if (moved === undefined) return nodes
  return sink([...nodes.slice(0, i - 1), moved, below, ...nodes.slice(i + 1)], i - 1, scope)
}

/** The filter over the columns beneath the projection, or undefined when it has to stay above. */
function beneath(filter: FilterNode, project: ProjectNode, { schema }: PlanScope): FilterNode | undefined {
  if (project.columns.some(({ expression }) => canFail(expression, schema))) return undefined
  const expressions = new Map(project.columns.map(({ name, expression }) => [name, expression]))
  const predicate = substituteColumns(filter.predicate, expressions)
  return countNodes(predicate) > MAX_SUBSTITUTED_NODES ? undefined : filterNode(predicate)
}
