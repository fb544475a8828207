import type { WindowAggregateNode } from '../../plan/logical-node.ts'
import { aggregatedNames, type LoweredWindow } from '../../plan/lower-window.ts'
import { stampsOf } from '../../plan/plan-scope.ts'
import { bool, timestamp } from '../../schema/data-type.ts'
import type { InputColumn } from '../evaluator/evaluation-frame.ts'
import type { OutputColumn } from './emitted-batch.ts'

/** What comes out of a window before its results are finished: its bounds, its keys, its aggregates, whether it takes back. */
export function aggregatedColumns(
  node: WindowAggregateNode,
  prepared: readonly InputColumn[],
  aggregates: LoweredWindow['aggregates'],
  takesBack: boolean,
): readonly (InputColumn & OutputColumn)[] {
  const columns = [
    ...stampsOf(node.window).map(() => ({ type: timestamp() })),
    ...prepared.slice(1, 1 + node.keys.length),
    ...aggregates.map(({ column, output }) => ({
      type: output,
      dictionary: output.name === 'utf8' ? prepared[column]?.dictionary : undefined,
    })),
    ...(takesBack ? [{ type: bool() }] : []),
  ]
  const names = aggregatedNames(node, aggregates.length)
  return columns.map((column, i) => ({ dictionary: undefined, ...column, name: names[i]! }))
}
