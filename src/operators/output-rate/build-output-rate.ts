import type { OutputNode } from '../../plan/output-rate.ts'
import { KIND, WINDOW_TIME } from '../../plan/row-window-schema.ts'
import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import type { Operator } from '../operator.ts'
import { type ValueKey, valueKey } from '../row-window/value-key.ts'
import type { StageTimers } from '../stage-timers.ts'
import { AllRows } from './all-rows.ts'
import { FirstOfRows } from './first-of-rows.ts'
import { FirstOfTime } from './first-of-time.ts'
import { KeyBound } from './key-bound.ts'
import { LatestRows } from './latest-rows.ts'
import type { OutputRate } from './output-rate.ts'
import { OutputRateOperator } from './output-rate-operator.ts'
import { WindowRows } from './window-rows.ts'

interface OutputRateParts {
  readonly context: EvaluationContext
  readonly maxKeys: number
  readonly timers: StageTimers
  readonly next: Operator
}

/** The operator that thins rows of these columns out. */
export function buildOutputRate(
  node: OutputNode,
  columns: readonly InputColumn[],
  { context, maxKeys, timers, next }: OutputRateParts,
): OutputRateOperator {
  const group = valueKey(node.by.map(wanted => columns.findIndex(({ name }) => name === wanted)))
  const types = columns.map(({ type }) => `${type.name}${type.isNullable ? '?' : ''}`)
  return new OutputRateOperator({
    context,
    columns,
    rate: node.content ? contentRate(columns, boundOf(node)) : rateOf(node, group, new KeyBound(maxKeys)),
    everyMs: node.everyMs ?? Number.POSITIVE_INFINITY,
    maxRows: node.maxRows ?? Number.POSITIVE_INFINITY,
    timers,
    next,
    shape: `1 ${JSON.stringify([node.which, node.rows, node.everyMs, node.by, node.content])} of ${types.join(', ')}`,
  })
}

function rateOf(node: OutputNode, group: ValueKey, keys: KeyBound): OutputRate {
  const { which, rows } = node
  const n = rows ?? Number.POSITIVE_INFINITY
  if (which === 'all') return new AllRows(n, boundOf(node))
  if (which === 'first') return rows === undefined ? new FirstOfTime(group, keys) : new FirstOfRows(rows, group, keys)
  return new LatestRows(n, which === 'snapshot', group, keys)
}

function contentRate(columns: readonly InputColumn[], bound: string): OutputRate {
  const own = columns.flatMap(({ name }, i) => (name === KIND || name === WINDOW_TIME ? [] : [i]))
  return new WindowRows(
    columns.findIndex(({ name }) => name === KIND),
    own,
    bound,
  )
}

function boundOf({ which, rows, everyMs, maxRows }: OutputNode): string {
  const held = which === 'snapshot' ? 'the rows of the window' : `the rows of ${rows ?? `${everyMs} ms of the clock`}`
  if (rows !== undefined) return `${rows} rows`
  return `${held}, ${maxRows === undefined ? 'as many as come (no maxRows)' : `at most ${maxRows}, then the job fails`}`
}
