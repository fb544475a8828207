import { checkAnswer, checkProcessor } from '../connector/check-processor.ts'
import type { Processor } from '../connector/processor.ts'
import { messageOf, planInvalid, stageFailed } from '../errors.ts'
import { dictionariesOf } from '../memory/column-buffers.ts'
import type { Dictionary } from '../memory/dictionary.ts'
import type { LogicalNode, RowsNode } from '../plan/logical-node.ts'
import { passedOnColumns } from '../plan/passed-on.ts'
import { schemaOf } from '../plan/plan-scope.ts'
import type { InputColumn } from './evaluator/evaluation-frame.ts'
import { FilterRowsOperator, type RowStageParts } from './filter-rows.ts'
import type { Operator } from './operator.ts'
import { ProcessRowsOperator } from './process-rows.ts'
import type { StageTimers } from './stage-timers.ts'

/** What a step of user code is made with. */
interface RowStageContext extends Omit<RowStageParts, 'next' | 'name'> {
  readonly timers: StageTimers
  /** Distinct strings that rows and state downstream may hold of one text column it puts out. */
  readonly maxCodes: number
  readonly next: (columns: readonly InputColumn[]) => Operator
  /** The steps behind it. */
  readonly behind: readonly LogicalNode[]
}

/** The columns the function of a step sees. */
export const seenColumns = ({ carries = [] }: RowsNode, columns: readonly InputColumn[]): readonly InputColumn[] =>
  columns.filter(({ name }) => !carries.some(({ column, as }) => column === name && as === name))

/** The operator of a step of user code over rows, and the dictionaries of the text columns it makes. */
export function buildRowStage(
  node: RowsNode,
  columns: readonly InputColumn[],
  { timers, maxCodes, next, behind, ...parts }: RowStageContext,
): { readonly operator: FilterRowsOperator | ProcessRowsOperator; readonly dictionaries: readonly Dictionary[] } {
  const { name, fn } = node
  if (typeof fn !== 'function') throw planInvalid(`the function of "${name}" is not loaded`, { at: name })
  // Behind a condition all columns go on as they are.
  if (node.op === 'filterRows') {
    const keeps = fn as (row: unknown) => unknown
    return { operator: new FilterRowsOperator({ ...parts, name, next: next(columns) }, keeps), dictionaries: [] }
  }
  const schema = schemaOf(node.output)
  const { fields } = schema
  const dictionaries = dictionariesOf(fields, maxCodes, passedOnColumns(schema, behind))
  const carried = (node.carries ?? []).map(({ column, as }) => {
    const at = columns.findIndex(({ name }) => name === column)
    return { at, name: as, type: columns[at]!.type }
  })
  const output = [...fields, ...carried].map(({ name, type }, i) => ({ name, type, dictionary: dictionaries[i] }))
  const processor: Processor<unknown, unknown> =
    node.op === 'process' ? made(name, fn as () => unknown) : { process: (row, emit) => emit(checkAnswer(fn(row))) }
  checkProcessor(processor, name)
  return {
    operator: new ProcessRowsOperator({ ...parts, name, next: next(output) }, processor, timers, {
      fields,
      dictionaries,
      carried,
    }),
    dictionaries: dictionaries.filter(dictionary => dictionary !== undefined),
  }
}

/** A processor of a user's making. */
function made(name: string, make: () => unknown): Processor<unknown, unknown> {
  try {
    return make() as Processor<unknown, unknown>
  } catch (cause) {
    throw stageFailed(`making the processor of "${name}" failed: ${messageOf(cause)}`, { at: name, cause })
  }
}
