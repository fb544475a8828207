import type { ExpressionNode } from '../expression/node.ts'
import { substituteColumns } from '../expression/walk.ts'
import type { Schema } from '../schema/schema.ts'
import { columnsOfWindow, isBatchWindow } from '../time/row-windows.ts'
import type { RowWindowNode } from './logical-node.ts'
import type { LoweredAggregate } from './lower-aggregate.ts'
import { argumentColumn, lowerResults, type NamedExpression } from './lower-window.ts'
import { KIND, mayBeEmpty, WINDOW_TIME } from './row-window-schema.ts'

/**
 * A window over rows taken apart: `prepare` computes what the window looks at, passes on and aggregates, once per row; the
 * window puts out windowTime, kind, the passed columns and the aggregates; `finish` makes the results of these.
 */
export interface LoweredRowWindow {
  readonly prepare: readonly NamedExpression[]
  /** Indexes among the prepared columns. */
  readonly keys: readonly number[]
  readonly groups: readonly number[]
  /** Of the columns the window itself looks at, in its order. */
  readonly looked: readonly number[]
  readonly passed: readonly number[]
  readonly aggregates: readonly LoweredAggregate[]
  readonly finish: readonly NamedExpression[]
  /** Whether of each batch only the last row of each group comes out. */
  readonly isLastOnly: boolean
  /** Over the columns the window puts out; left out where it can be asked behind `finish`. */
  readonly havingInside: ExpressionNode | undefined
  /** What becomes of the rows that come out together, over the columns the window puts out; undefined: they stay. */
  readonly chunk: Required<Pick<RowWindowNode, 'order' | 'offset' | 'limit'>> | undefined
}

/** The name of a column handed through the window, by its place among them. */
export const passedName = (index: number): string => `passed:${index}`

/** Takes a window over rows of `schema` apart. */
export function lowerRowWindow(node: RowWindowNode, schema: Schema): LoweredRowWindow {
  const { window } = node
  const prepare: NamedExpression[] = []
  const column = (name: string): number => argumentColumn(prepare, { kind: 'column', name })
  const keys = node.keys.map(column)
  const groups = node.groupBy.map(column)
  const looked = columnsOfWindow(window).map(column)
  const passed: number[] = []
  const lowered = lowerResults(
    node.results.flatMap(each => ('result' in each ? [each.result] : [])),
    schema,
    prepare,
    mayBeEmpty(window),
  )
  let next = 0
  const results = node.results.map((each): NamedExpression => {
    if ('result' in each) return { name: each.name, expression: lowered.expressions[next++]! }
    const index = passed.push(argumentColumn(prepare, each.expression)) - 1
    return { name: each.name, expression: { kind: 'column', name: passedName(index) } }
  })
  const finish = [...stampNames(node).map(named), ...results]
  const isCondensed = lowered.aggregates.length > 0 || groups.length > 0
  const isLastOnly = isBatchWindow(window) && window.rows === 'last' && isCondensed
  const isOrdered = node.order !== undefined || node.offset !== undefined || node.limit !== undefined
  const made = new Map(finish.map(({ name, expression }) => [name, expression]))
  return {
    prepare,
    keys,
    groups,
    looked,
    passed,
    aggregates: lowered.aggregates,
    finish,
    isLastOnly,
    havingInside: (isLastOnly || isOrdered) && node.having ? substituteColumns(node.having, made) : undefined,
    chunk: isOrdered
      ? {
          order: (node.order ?? []).map(({ expression, direction }) => ({
            expression: substituteColumns(expression, made),
            direction,
          })),
          offset: node.offset ?? 0,
          limit: node.limit ?? Number.POSITIVE_INFINITY,
        }
      : undefined,
  }
}

/** The columns every row that comes out begins with. */
export const stampNames = ({ window }: RowWindowNode): readonly string[] =>
  window.output === 'all' ? [WINDOW_TIME, KIND] : [WINDOW_TIME]

const named = (name: string): NamedExpression => ({ name, expression: { kind: 'column', name } })
