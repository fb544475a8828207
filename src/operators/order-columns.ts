import type { ProjectNode } from '../plan/logical-node.ts'
import { aggregateNumber } from '../plan/lower-window.ts'
import { noEventTime } from '../plan/plan-scope.ts'
import type { TotalOrder } from '../plan/total-order.ts'
import type { EvaluationContext, InputColumn } from './evaluator/evaluation-frame.ts'
import type { Operator } from './operator.ts'
import { ProjectOperator } from './project.ts'
import { RowNumbersOperator } from './row-numbers.ts'
import type { EventTimeColumn } from './time-of-rows.ts'
import type { Ranking } from './window/firing-order.ts'

/** Adds the columns that rows are numbered by. */
export function numberedRows(
  order: TotalOrder,
  columns: readonly InputColumn[],
  time: EventTimeColumn | undefined,
  context: EvaluationContext,
  next: (columns: readonly InputColumn[]) => Operator,
): RowNumbersOperator {
  if (time === undefined) throw noEventTime()
  return new RowNumbersOperator({ order, columns, time: time.name, context, next })
}

/** Leaves out the columns nobody is to see. */
export function withoutOrder(
  { hidden }: TotalOrder,
  columns: readonly InputColumn[],
  context: EvaluationContext,
  next: (columns: readonly InputColumn[]) => Operator,
): Operator {
  const expressions = columns
    .filter(({ name }) => !hidden.includes(name))
    .map(({ name }) => ({ name, expression: { kind: 'column', name } as const }))
  return new ProjectOperator({ expressions, columns, context, next })
}

/** Which aggregates of a window say where its keys come; undefined: nobody asks. */
export function rankingOf(
  order: TotalOrder | undefined,
  finish: ProjectNode['columns'],
  { arena }: EvaluationContext,
): Ranking | undefined {
  const aggregates = order?.ranks.map(name => aggregateOf(finish, name)) ?? []
  if (aggregates.length === 0 || aggregates.includes(-1)) return undefined
  return { aggregates, memory: arena.memory }
}

/** The number of the aggregate that a result is as it stands. */
function aggregateOf(finish: ProjectNode['columns'], name: string): number {
  const expression = finish.find(each => each.name === name)?.expression
  return expression?.kind === 'column' ? aggregateNumber(expression.name) : -1
}
