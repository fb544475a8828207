import type { TopRowsNode, WindowOrderNode } from '../../plan/logical-node.ts'
import type { LoweredOrder } from '../../plan/lower-window-order.ts'
import { IS_RETRACTION, WINDOW_END, WINDOW_START } from '../../plan/plan-scope.ts'
import { timestamp, u32 } from '../../schema/data-type.ts'
import type { CountingOperator } from '../chain.ts'
import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import type { Operator } from '../operator.ts'
import type { EventTimeColumn } from '../time-of-rows.ts'
import { slicesOf } from '../window/slices-of.ts'
import { EventIntake, type EventIntakeOptions } from './event-intake.ts'
import { OrderOperator } from './order-operator.ts'
import type { OrderOptions } from './ranked-windows.ts'
import { RepeatedOrderOperator } from './repeated-order.ts'
import { ResultIntake } from './result-intake.ts'
import type { SortKey } from './slot-order.ts'

type BoundedWindow = Exclude<TopRowsNode['window'], { readonly kind: 'global' }>

/** What orders are built with. */
interface OrderParts {
  readonly context: EvaluationContext
  readonly maxKeys: number
  /** Makes the operator behind, which is told the columns it gets. */
  readonly next: (columns: readonly InputColumn[]) => Operator
}

/**
 * The operator that orders the results of windows, fed with the columns `lowered.prepare` describes.
 *
 * @param time What is known of the results.
 * @param tellsFirings Whether another order stands behind.
 */
export function buildWindowOrder(
  node: WindowOrderNode,
  lowered: LoweredOrder,
  prepared: readonly InputColumn[],
  parts: OrderParts & { readonly time: EventTimeColumn | undefined; readonly tellsFirings: boolean },
): CountingOperator {
  const { time, tellsFirings } = parts
  const [startColumn, endColumn] = [indexOf(prepared, WINDOW_START), indexOf(prepared, WINDOW_END)]
  if (time?.again !== undefined) {
    const { firing, keys } = time.again
    const { allowedLatenessMs } = time
    const again = { firing, keys, allowedLatenessMs }
    return new RepeatedOrderOperator({
      ...orderOptions(node, lowered, prepared, parts),
      ...again,
      keys: firing === 'discarding' ? [] : keys.map(name => indexOf(prepared, name)),
      startColumn,
      endColumn,
      retractionColumn: indexOf(prepared, IS_RETRACTION),
      tellsFirings,
      name: 'order',
      shape: `${shapeOf(node, lowered, prepared, undefined)} again ${JSON.stringify(again)}`,
    })
  }
  return new OrderOperator({
    ...orderOptions(node, lowered, prepared, parts),
    addsBounds: false,
    name: 'order',
    shape: shapeOf(node, lowered, prepared, undefined),
    intake: (windows, scope) => new ResultIntake(parts.context, scope, windows, { startColumn, endColumn }),
  })
}

/** The operator of the first rows of windows, fed with the columns `lowered.prepare` describes, and their time behind. */
export function buildTopRows(
  node: TopRowsNode & { readonly window: BoundedWindow },
  lowered: LoweredOrder,
  prepared: readonly InputColumn[],
  { sendLate, ...parts }: OrderParts & Pick<EventIntakeOptions, 'sendLate'>,
): OrderOperator {
  const timeColumn = prepared.length - 1
  const stored = prepared.slice(0, timeColumn)
  const bounds = [WINDOW_START, WINDOW_END].map((name): InputColumn => ({ name, type: timestamp() }))
  const next = (columns: readonly InputColumn[]) => parts.next([...bounds, ...columns])
  const options: EventIntakeOptions = { windows: slicesOf(node.window), timeColumn, sendLate }
  return new OrderOperator({
    ...orderOptions(node, lowered, stored, { ...parts, next }),
    addsBounds: true,
    name: `top rows of ${node.window.kind} windows`,
    shape: shapeOf(node, lowered, stored, node.window),
    intake: (windows, scope) => new EventIntake(parts.context, scope, windows, options),
  })
}

function orderOptions(
  { by, offset, limit, ties, rank }: Omit<WindowOrderNode, 'op'>,
  { keys }: LoweredOrder,
  prepared: readonly InputColumn[],
  { context, maxKeys, next }: OrderParts,
): Omit<OrderOptions, 'addsBounds'> {
  const outputs = prepared.length - keys.length
  const ranked: readonly InputColumn[] = rank === undefined ? [] : [{ name: rank, type: u32() }]
  return {
    context,
    maxKeys,
    columns: prepared,
    outputs,
    by: by.map(name => indexOf(prepared, name)),
    sortKeys: keys.map(
      ({ kind, column, isDescending }): SortKey =>
        kind === 'utf8'
          ? { kind, column, isDescending, dictionary: prepared[column]!.dictionary! }
          : { kind, column, isDescending },
    ),
    offset,
    limit,
    keepsTies: ties === 'keep',
    hasRank: rank !== undefined,
    next: next([...prepared.slice(0, outputs), ...ranked]),
  }
}

/** What the state hangs on, and nothing it doesn't. */
function shapeOf(
  { by, offset, limit, ties }: Omit<WindowOrderNode, 'op'>,
  { keys }: LoweredOrder,
  columns: readonly InputColumn[],
  window: BoundedWindow | undefined,
): string {
  const types = columns.map(({ type }) => `${type.name}${type.isNullable ? '?' : ''}`)
  const order = { window: window && { ...window, lateTo: undefined }, by, keys, offset, limit, ties }
  return `1 ${JSON.stringify(order)} of ${types.join(', ')}`
}

const indexOf = (columns: readonly InputColumn[], wanted: string): number =>
  columns.findIndex(({ name }) => name === wanted)
