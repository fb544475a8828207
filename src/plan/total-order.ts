import type { AggregateNode, ExpressionNode } from '../expression/node.ts'
import type { CumulateSpec, HoppingSpec } from '../time/aligned-windows.ts'
import { overlaps } from '../time/windows.ts'
import type { CarriedColumn, LogicalNode, LogicalPlan, ProjectNode, WindowAggregateNode } from './logical-node.ts'
import { scopesOf, sourceScope, WINDOW_END, WINDOW_START } from './plan-scope.ts'

/** In which order the results of several workers come: see `RunOptions.order`. */
export type ResultOrder = 'key' | 'global' | 'none'

/** Columns that are added to a plan so that results of replicas can be put into the order of one thread. */
export interface TotalOrder {
  /** The steps that have them: from this one on, and up to before that one. */
  readonly from: number
  readonly to: number
  /** The number of a row, counted where rows are dealt out. */
  readonly number: string
  /** The slice of its windows a row is in, where these share slices. */
  readonly slice: { readonly column: string; readonly window: HoppingSpec | CumulateSpec } | undefined
  /** Results of the window that say which of its keys came up first: first by the first. */
  readonly ranks: readonly string[]
  /** Columns that say of two rows behind the last of the steps which comes first: the end of the window is the first. */
  readonly by: readonly string[]
  /** Those of the columns there that nobody is to see; they are the last. */
  readonly hidden: readonly string[]
}

/** Windows that fire once, in the order of their ends. */
const IN_ORDER: ReadonlySet<string> = new Set([
  'tumbling',
  'hopping',
  'cumulate',
  'calendar',
  'session',
  'slidingPerEvent',
])

/**
 * What it takes to put the results of the steps up to `to` in order, if that can be done.
 *
 * @param from Where rows are dealt out: the first window is behind it.
 * @returns Why not, where it can't.
 */
export function totalOrderOf(plan: LogicalPlan, from: number, to: number): TotalOrder | { readonly reason: string } {
  const { nodes } = plan
  const node = nodes.slice(from, to).find(({ op }) => op === 'windowAggregate' || op === 'rowWindow')!
  const why = whyInNoOrder(plan, node)
  if (why !== undefined) return { reason: `order: 'global' needs results in the order of their windows' ends: ${why}` }
  const { window } = node as WindowAggregateNode
  const prefix = unusedPrefix(plan)
  const number = `${prefix}row`
  const slice = overlaps(window) ? { column: `${prefix}slice`, window } : undefined
  const ranks = slice === undefined ? [number] : [slice.column, number]
  const order = { from, to, number, slice, ranks, by: [], hidden: [] }
  const { by } = walk(nodes, order)
  return { ...order, by, hidden: by.filter(name => name.startsWith(prefix)) }
}

/** The steps of a plan with the columns that make an order of their results. */
export const orderedSteps = (nodes: readonly LogicalNode[], order: TotalOrder): readonly LogicalNode[] =>
  walk(nodes, order).nodes

function whyInNoOrder({ nodes }: LogicalPlan, node: LogicalNode): string | undefined {
  if (node.op !== 'windowAggregate') return 'rows come out of a window over rows one by one'
  const time = nodes.find(({ op }) => op === 'eventTime')
  const { window } = node
  if (!IN_ORDER.has(window.kind)) return `a ${window.kind} window has none`
  const lateness = 'allowedLatenessMs' in window ? window.allowedLatenessMs : undefined
  if ((lateness ?? (time?.op === 'eventTime' ? time.allowedLatenessMs : 0)) > 0)
    return `a ${window.kind} window fires again for late rows`
  if ('emit' in window && window.emit !== undefined) return `a ${window.kind} window gives one for every row`
  if ('early' in window && window.early !== undefined) return `a ${window.kind} window gives some before its end`
  if ('firing' in window && window.firing === 'retracting') return `a ${window.kind} window takes some back`
  if ('fillEmpty' in window && window.fillEmpty !== undefined) return `a ${window.kind} window fills its gaps`
  if ('lateTo' in window && window.lateTo !== undefined) return 'its late rows go down a branch of their own'
  return undefined
}

/** What no column of the plan begins with. */
function unusedPrefix(plan: LogicalPlan): string {
  const names = scopesOf(plan.nodes, sourceScope(plan)).flatMap(({ schema }) => schema.fields.map(({ name }) => name))
  let prefix = 'order:'
  while (names.some(name => name.startsWith(prefix))) prefix += ':'
  return prefix
}

/** Adds to each step what it hands on, and follows what the columns are called. */
function walk(
  nodes: readonly LogicalNode[],
  order: TotalOrder,
): { readonly nodes: readonly LogicalNode[]; readonly by: readonly string[] } {
  const { from, to, ranks } = order
  const prefix = order.number.slice(0, -'row'.length)
  let along: readonly CarriedColumn[] = ranks.map(name => ({ column: name, as: name }))
  const steps = nodes.map((node, at): LogicalNode => {
    if (at < from || at >= to) return node
    switch (node.op) {
      case 'project': {
        const columns = [
          ...node.columns,
          ...along.map(({ column, as }) => ({ name: as, expression: columnOf(column) })),
        ]
        along = renamed(along)
        return { ...node, columns } satisfies ProjectNode
      }
      case 'filterRows':
        return { ...node, carries: along }
      case 'mapRows': {
        const carries = along
        along = renamed(along)
        return { ...node, carries }
      }
      case 'windowAggregate': {
        const results = [...node.results, ...rankResults(order)]
        along = [{ column: WINDOW_END, as: `${prefix}end` }, { column: WINDOW_START, as: `${prefix}start` }, ...along]
        return { ...node, results }
      }
      default:
        return node
    }
  })
  return { nodes: steps, by: along.map(({ column }) => column) }
}

const renamed = (along: readonly CarriedColumn[]): readonly CarriedColumn[] =>
  along.map(({ as }) => ({ column: as, as }))

const columnOf = (name: string): ExpressionNode => ({ kind: 'column', name })

/** The first row of each key: in a window of several slices, the first of the first slice that has some. */
function rankResults({ number, slice }: TotalOrder): WindowAggregateNode['results'] {
  const call = (fn: 'min' | 'argMin', ...names: string[]): AggregateNode => ({
    kind: 'aggregate',
    fn,
    args: names.map(columnOf),
  })
  if (slice === undefined) return [{ name: number, result: call('min', number) }]
  return [
    { name: slice.column, result: call('min', slice.column) },
    { name: number, result: call('argMin', number, slice.column) },
  ]
}
