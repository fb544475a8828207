import type { AggregateName } from '../expression/node.ts'
import { comesOnce, isOfAnyOrder } from './behind-shards.ts'
import type { EventTimeNode, LogicalNode, LogicalPlan, WindowAggregateNode } from './logical-node.ts'
import { lowerWindow } from './lower-window.ts'
import { withoutFunctions } from './partitioning.ts'
import { scopesOf, sourceScope } from './plan-scope.ts'

/** How the batches of a stream are dealt out to replicas of a plan, whatever the keys of their rows. */
export interface Dealing {
  /** The window whose first half each replica does, over the batches it gets; its second half is done once, of all. */
  readonly window: number
}

/** What of some rows and of others makes the same of all, in whatever order. */
const IN_PARTS: ReadonlySet<AggregateName> = new Set(['count', 'countIf', 'sum', 'avg', 'min', 'max'])
const BY_ROWS: ReadonlySet<LogicalNode['op']> = new Set(['filter', 'project', 'filterRows'])

/**
 * Where the two halves of a window's work can be done apart: each replica aggregates the rows of some batches, and what it
 * has of a window is put together with what others have.
 *
 * @param hasSources Whether rows come in by several inputs.
 * @returns Why not, where that can't be done.
 */
export function dealingOf(plan: LogicalPlan, hasSources: boolean): Dealing | { readonly reason: string } {
  const { nodes } = plan
  const [time] = nodes
  if (time?.op !== 'eventTime') return { reason: 'its first step is not eventTime' }
  const clock = byTheClock(time, hasSources)
  if (clock !== undefined) return { reason: clock }
  const at = nodes.findIndex((node, i) => i > 0 && !BY_ROWS.has(node.op))
  const window = nodes[at]
  if (window?.op !== 'windowAggregate')
    return { reason: window === undefined ? 'no window aggregates' : `${window.op} stands before its first window` }
  const once = comesOnce(window, time.allowedLatenessMs) && !('lateTo' in window.window)
  if (!once) return { reason: `the ${window.window.kind} window does more than fire once` }
  if (makesTexts(plan, at)) return { reason: 'texts are made before the window' }
  const whole = aggregatesWhole(plan, at, window)
  if (whole !== undefined) return { reason: `${whole} can't be put together out of parts` }
  const behind = nodes.slice(at + 1).find(node => !isOfAnyOrder(node))
  if (behind !== undefined)
    return { reason: `${behind.op} behind the window goes by the order of its results, or is many times the work` }
  return withoutFunctions({ ...plan, nodes: nodes.slice(0, at + 1) }) ?? { window: at }
}

function byTheClock({ watermarks, idlenessMs }: EventTimeNode, hasSources: boolean): string | undefined {
  if (watermarks.kind === 'physical') return 'its watermark goes by the clock'
  return hasSources && idlenessMs !== undefined ? 'its inputs may be idle' : undefined
}

/** Whether a step before the window gives texts codes that nobody else knows. */
function makesTexts(plan: LogicalPlan, at: number): boolean {
  const scopes = scopesOf(plan.nodes.slice(0, at), sourceScope(plan))
  return plan.nodes
    .slice(0, at)
    .some(
      (node, i) =>
        node.op === 'project' &&
        node.columns.some(
          ({ name, expression }) =>
            expression.kind !== 'column' && scopes[i + 1]!.schema.field(name)?.type.name === 'utf8',
        ),
    )
}

/** The first aggregate that isn't the same in parts. Exact sums of i64 may leave its range in a part alone. */
function aggregatesWhole(plan: LogicalPlan, at: number, node: WindowAggregateNode): string | undefined {
  const scope = scopesOf(plan.nodes.slice(0, at), sourceScope(plan))[at]!
  const { aggregates } = lowerWindow(node, scope.schema, { kind: 'column', name: scope.eventTime! })
  const whole = aggregates.find(({ fn, input }) => !IN_PARTS.has(fn) || (fn === 'sum' && input.name === 'i64'))
  return whole && (whole.fn === 'sum' ? 'sum of i64' : whole.fn)
}
