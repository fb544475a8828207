import type { TopRowsNode, WindowOrderNode } from '../../plan/logical-node.ts'
import type { LoweredOrder } from '../../plan/lower-window-order.ts'
import { WINDOW_END, WINDOW_START } from '../../plan/plan-scope.ts'
import { timestamp, u32 } from '../../schema/data-type.ts'
import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import type { Operator } from '../operator.ts'
import { slicesOf } from '../window/slices-of.ts'
import type { OrderOptions } from './open-windows.ts'
import type { SortKey } from './slot-order.ts'
import { TopRowsOperator, type TopRowsOptions } from './top-rows-operator.ts'
import { WindowOrderOperator } from './window-order-operator.ts'

/** What orders are built with. */
export interface OrderParts {
  readonly context: EvaluationContext
  readonly maxKeys: number
  /** Makes the operator behind, which is told the columns it gets. */
  readonly next: (columns: readonly InputColumn[]) => Operator
}

/** The operator that orders the results of windows, fed with the columns `lowered.prepare` describes. */
export function buildWindowOrder(
  node: WindowOrderNode,
  lowered: LoweredOrder,
  prepared: readonly InputColumn[],
  parts: OrderParts,
): WindowOrderOperator {
  return new WindowOrderOperator({
    ...orderOptions(node, lowered, prepared, parts),
    startColumn: indexOf(prepared, WINDOW_START),
    endColumn: indexOf(prepared, WINDOW_END),
  })
}

/** The operator of the first rows of windows, fed with the columns `lowered.prepare` describes, and their time behind. */
export function buildTopRows(
  node: TopRowsNode,
  lowered: LoweredOrder,
  prepared: readonly InputColumn[],
  { sendLate, ...parts }: OrderParts & Pick<TopRowsOptions, 'sendLate'>,
): TopRowsOperator {
  const timeColumn = prepared.length - 1
  const bounds = [WINDOW_START, WINDOW_END].map((name): InputColumn => ({ name, type: timestamp() }))
  const next = (columns: readonly InputColumn[]) => parts.next([...bounds, ...columns])
  return new TopRowsOperator({
    ...orderOptions(node, lowered, prepared.slice(0, timeColumn), { ...parts, next }),
    addsBounds: true,
    name: `top rows of ${node.window.kind} windows`,
    windows: slicesOf(node.window),
    timeColumn,
    sendLate,
  })
}

function orderOptions(
  { by, offset, limit, ties, rank }: Omit<WindowOrderNode, 'op'>,
  { keys }: LoweredOrder,
  prepared: readonly InputColumn[],
  { context, maxKeys, next }: OrderParts,
): OrderOptions {
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
    addsBounds: false,
    next: next([...prepared.slice(0, outputs), ...ranked]),
  }
}

const indexOf = (columns: readonly InputColumn[], wanted: string): number =>
  columns.findIndex(({ name }) => name === wanted)
