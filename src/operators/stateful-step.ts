import type { Stateful } from '../checkpoint/stateful.ts'
import type { Dictionary } from '../memory/dictionary.ts'
import { fingerprint } from '../plan/fingerprint.ts'
import type { LogicalNode } from '../plan/logical-node.ts'
import type { InputColumn } from './evaluator/evaluation-frame.ts'
import { FilterOperator } from './filter.ts'
import { FilterRowsOperator } from './filter-rows.ts'
import type { Operator } from './operator.ts'
import { ProjectOperator } from './project.ts'

/** What keeps something: under which name, for which step, and as what; undefined: it can't put it into bytes. */
export interface StatefulStep {
  readonly id: string
  /** The fingerprint of the step. */
  readonly shape: string
  readonly operator: Stateful | undefined
}

/** The name of a text column, and that of the column of the source whose strings its codes speak of; null: a step's own. */
export type RenamedText = readonly [name: string, source: string | null]

/**
 * An operator of a step as what keeps something from batch to batch; none where there is nothing to keep.
 *
 * @param renamed The texts of the step that have other names than the columns of the source they come from.
 */
export function statefulSteps(
  stepId: string,
  node: LogicalNode,
  operator: Operator,
  renamed: readonly RenamedText[],
): StatefulStep[] {
  if (operator instanceof FilterOperator || operator instanceof FilterRowsOperator) return []
  if (operator instanceof ProjectOperator && operator.dictionaries.length === 0) return []
  const stateful = 'snapshot' in operator ? (operator as Operator & Stateful) : undefined
  // A name says which step it is, not of what.
  const { id: _, ...step } = node
  const shape = fingerprint(renamed.length > 0 && keepsCodes(node) ? { ...step, renamed } : step)
  return [{ id: `${stepId}/${operator.name}`, shape, operator: stateful }]
}

/** Columns that a projection has given another name, or texts of its own, in an order that no step hangs on. */
export function renamedTexts(columns: readonly InputColumn[], sources: ReadonlyMap<Dictionary, string>): RenamedText[] {
  const renamed = columns.flatMap(({ name, dictionary }): RenamedText[] => {
    if (dictionary === undefined) return []
    const source = sources.get(dictionary) ?? null
    return source === name ? [] : [[name, source]]
  })
  return renamed.sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Whether what the step keeps speaks of texts by the codes its rows come with, and not by strings or not at all. */
function keepsCodes({ op }: LogicalNode): boolean {
  return op !== 'eventTime' && op !== 'processingTime' && op !== 'mapRows' && op !== 'process'
}
