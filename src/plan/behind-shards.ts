import type { AggregateNode, ResultNode } from '../expression/node.ts'
import type { LogicalNode, LogicalPlan, WindowAggregateNode } from './logical-node.ts'
import { scopesOf, sourceScope, WINDOW_END } from './plan-scope.ts'

/** What comes to the same in whatever order the rows of a window come. */
const OF_ANY_ORDER: ReadonlySet<AggregateNode['fn']> = new Set([
  'count',
  'countIf',
  'min',
  'max',
  'distinctCount',
  'approxDistinct',
])

/**
 * Whether the steps from `end` on can go by the results of replicas, which come in the order of their windows' ends: those of
 * one end in any order.
 *
 * @param isTotal Whether those of one end come in the order of one thread.
 * @returns Why not; undefined: they can.
 */
export function whyNotBehindShards(plan: LogicalPlan, end: number, isTotal: boolean): string | undefined {
  const { nodes } = plan
  const unordered = whyNotByEnds(plan, end)
  if (unordered !== undefined) return `${nodes[end]!.op} goes by the order of the results of all keys${unordered}`
  const ordered = nodes.slice(end).find(node => !(isTotal ? isOfTheirOrder(node) : isOfAnyOrder(node)))
  return ordered && `${ordered.op} goes by the order in which the keys of all workers came up`
}

/** Whether what comes out of the steps up to `end` can be put in the order of its windows' ends, all of it. */
export const comesByEnds = (plan: LogicalPlan, end: number): boolean =>
  whyNotByEnds(plan, end) === undefined &&
  !plan.nodes.slice(0, end).some(node => node.op === 'windowAggregate' && 'lateTo' in node.window)

function whyNotByEnds(plan: LogicalPlan, end: number): string | undefined {
  const { nodes } = plan
  const results = nodes.slice(0, end)
  const time = results.find(node => node.op === 'eventTime')
  const windows = results.filter(node => node.op === 'windowAggregate')
  const latenessMs = time?.op === 'eventTime' ? (time.allowedLatenessMs ?? 0) : 0
  const late = windows.find(node => !comesOnce(node, latenessMs))
  if (late !== undefined) return `, and those of a ${late.window.kind} window don't come in the order of their ends`
  if (results.some(({ op }) => op === 'rowWindow')) return ''
  const { fields } = scopesOf(nodes, sourceScope(plan))[end]!.schema
  return fields.some(({ name }) => name === WINDOW_END) ? undefined : ', whose ends are not among them'
}

const IN_ORDER: ReadonlySet<string> = new Set(['tumbling', 'hopping', 'cumulate', 'calendar'])

/** Whether a window gives one result per key, and in the order of its ends. */
export function comesOnce({ window }: WindowAggregateNode, latenessMs: number): boolean {
  const spec = window as WindowAggregateNode['window'] & {
    readonly allowedLatenessMs?: number
    readonly emit?: string
    readonly early?: unknown
    readonly fillEmpty?: number
  }
  return (
    IN_ORDER.has(spec.kind) &&
    (spec.allowedLatenessMs ?? latenessMs) === 0 &&
    spec.emit === undefined &&
    spec.early === undefined &&
    spec.fillEmpty === undefined
  )
}

/** Whether a step makes the same of the results of a window in whatever order they come. */
export function isOfAnyOrder(node: LogicalNode): boolean {
  if (node.op === 'windowOrder' && node.ties !== 'keep')
    return node.limit === undefined && node.offset === 0 && node.rank === undefined
  if (node.op === 'windowAggregate' && !node.results.every(({ result }) => isCommutative(result))) return false
  return isOfTheirOrder(node)
}

/** Whether a step can go by results that come as those of one thread do. */
function isOfTheirOrder(node: LogicalNode): boolean {
  if (node.op === 'windowAggregate') return comesOnce(node, 0)
  return node.op === 'filter' || node.op === 'project' || node.op === 'windowOrder'
}

function isCommutative(node: ResultNode): boolean {
  if (node.kind === 'aggregate') return OF_ANY_ORDER.has(node.fn)
  return node.kind === 'literal' || node.args.every(isCommutative)
}
