import type { ExpressionNode } from '../expression/node.ts'
import type { EventTimeNode, LogicalNode, ProcessingTimeNode, WindowAggregateNode } from '../plan/logical-node.ts'
import { keepsColumn, WINDOW_END } from '../plan/plan-scope.ts'
import { WINDOW_TIME } from '../plan/row-window-schema.ts'
import { boundedOutOfOrderness } from '../plan/watermarks.ts'
import { resultsOf } from '../plan/window-results.ts'
import type { Firing, LatenessSpec } from '../time/lateness.ts'
import type { WindowSpec } from '../time/windows.ts'

/** The column rows get their event time from, and the time as an expression over it. */
export interface EventTimeColumn {
  readonly name: string
  readonly expression: ExpressionNode
  /** How long windows over it take rows in after they have fired. */
  readonly allowedLatenessMs: number
  /** Set where rows are results that windows may give again. */
  readonly again?: ResultsAgain
}

/** What the results of windows that give theirs again say, and the columns that tell those of a window apart. */
interface ResultsAgain {
  readonly firing: Firing
  readonly keys: readonly string[]
}

export const eventTimeOf = ({
  column: name,
  allowedLatenessMs,
}: Pick<EventTimeNode, 'column' | 'allowedLatenessMs'>): EventTimeColumn => ({
  name,
  expression: { kind: 'column', name },
  allowedLatenessMs,
})

/** A result row belongs to its window: its event time is the window's last millisecond (Flink: end - 1). */
export const RESULT_TIME: Omit<EventTimeColumn, 'allowedLatenessMs'> = {
  name: WINDOW_END,
  expression: {
    kind: 'call',
    fn: 'sub',
    args: [
      { kind: 'call', fn: 'toF64', args: [{ kind: 'column', name: WINDOW_END }] },
      { kind: 'literal', type: 'f64', value: 1 },
    ],
  },
}

/** The event time of a window's results. One without bounds says itself when it fired. */
const resultTime = (window: WindowSpec): Omit<EventTimeColumn, 'allowedLatenessMs'> =>
  window.kind === 'global' ? ROW_TIME : RESULT_TIME

/** The same, and whether they are given again. */
export function timeOfResults(node: WindowAggregateNode, allowedLatenessMs: number): EventTimeColumn {
  const { again: firing, keys = [] } = resultsOf(node, allowedLatenessMs) ?? {}
  return {
    ...resultTime(node.window),
    allowedLatenessMs,
    ...(firing !== undefined && { again: { firing, keys } }),
  }
}

/** A window without an end has no late rows, but may fire again. */
export const latenessOf = (window: WindowSpec): LatenessSpec =>
  window.kind === 'global' ? (window.firing === undefined ? {} : { firing: window.firing }) : window

/** A row that comes out of a window over rows belongs to the instant it enters or leaves it. */
export const ROW_TIME: EventTimeColumn = {
  name: WINDOW_TIME,
  expression: { kind: 'column', name: WINDOW_TIME },
  allowedLatenessMs: 0,
}

/** They come out in the order of these instants. */
export const ROW_EVENT_TIME = { column: WINDOW_TIME, watermarks: boundedOutOfOrderness(0) }

/** By the clock nothing is late. */
export const processingTimeOf = ({ column }: ProcessingTimeNode): EventTimeColumn =>
  eventTimeOf({ column, allowedLatenessMs: 0 })

const ENDS_TIME: ReadonlySet<LogicalNode['op']> = new Set(['eventTime', 'processingTime', 'rowWindow', 'output'])

/** Whether one of the steps from `at` on goes by the time of the rows before it. */
export function needsTime(nodes: readonly LogicalNode[], at: number): boolean {
  for (const node of nodes.slice(at)) {
    if (node.op === 'windowAggregate' || node.op === 'topRows') return true
    if (ENDS_TIME.has(node.op)) return false
    if (node.op === 'tee' && needsTime(node.plan, 0)) return true
  }
  return false
}

/** Whether one of the steps from `at` on puts the results before them in an order. */
export function ordersResults(nodes: readonly LogicalNode[], at: number): boolean {
  for (const node of nodes.slice(at)) {
    if (node.op === 'windowOrder' || (node.op === 'tee' && ordersResults(node.plan, 0))) return true
    if (!KEEPS_RESULTS.has(node.op)) return false
  }
  return false
}

/**
 * Whether a step from `at` on does something on the way of the watermark, between the ends of windows: what it does before
 * and after rows of another watermark differs.
 */
export function goesByWatermark(nodes: readonly LogicalNode[], at: number): boolean {
  return nodes.slice(at).some(node => {
    if (node.op === 'tee') return goesByWatermark(node.plan, 0)
    if (node.op === 'windowAggregate')
      return node.window.kind === 'global' || ('early' in node.window && node.window.early !== undefined)
    return !GOES_BY_ROWS.has(node.op)
  })
}

/** What looks at rows alone, or at the ends of windows. */
const GOES_BY_ROWS: ReadonlySet<LogicalNode['op']> = new Set([
  'filter',
  'filterRows',
  'mapRows',
  'project',
  'windowOrder',
])

const KEEPS_RESULTS: ReadonlySet<LogicalNode['op']> = new Set(['filter', 'filterRows', 'project', 'tee'])

/** The event time of results that have been put in an order: where they accumulate, each firing then gives all of them. */
export function orderedTime(time: EventTimeColumn): EventTimeColumn {
  const { again } = time
  return again?.firing === 'accumulating' ? { ...time, again: { ...again, firing: 'discarding' } } : time
}

/** The event time of the rows behind steps that stand at the beginning of a plan, none of them a window over rows. */
export function timeBehind(nodes: readonly LogicalNode[]): EventTimeColumn | undefined {
  let time: EventTimeColumn | undefined
  for (const node of nodes) {
    if (node.op === 'eventTime') time = eventTimeOf(node)
    else if (node.op === 'processingTime') time = processingTimeOf(node)
    else if (node.op === 'project') time = time !== undefined && keepsColumn(node, time.name) ? time : undefined
    else if (node.op === 'windowAggregate') {
      const { allowedLatenessMs = time?.allowedLatenessMs ?? 0 } = latenessOf(node.window)
      time = timeOfResults(node, allowedLatenessMs)
    }
  }
  return time
}
