import type { WindowOrderNode } from '../../plan/logical-node.ts'
import type { LoweredOrder } from '../../plan/lower-window-order.ts'
import { WINDOW_END, WINDOW_START } from '../../plan/plan-scope.ts'
import { u32 } from '../../schema/data-type.ts'
import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import type { Operator } from '../operator.ts'
import type { OrderOptions } from './open-windows.ts'
import type { SortKey } from './slot-order.ts'
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

function orderOptions(
  { by, offset, limit, ties, rank }: WindowOrderNode,
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
    next: next([...prepared.slice(0, outputs), ...ranked]),
  }
}

const indexOf = (columns: readonly InputColumn[], wanted: string): number =>
  columns.findIndex(({ name }) => name === wanted)
