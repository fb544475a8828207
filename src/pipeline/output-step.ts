import { optionInvalid, show } from '../errors.ts'
import { checkOptions, type OptionNames } from '../options.ts'
import { type OutputKind, type OutputNode, outputNode } from '../plan/output-rate.ts'
import type { PlanScope } from '../plan/plan-scope.ts'
import { type Duration, durationMs } from '../time/duration.ts'

/** How often `output` lets rows through. */
export type OutputRate<K extends string = string> = (
  | {
      /** Of every so many rows. */
      readonly everyRows: number
      readonly every?: undefined
    }
  | {
      /** Of every stretch of the job's clock: from one multiple of it since the epoch to the next. */
      readonly every: Duration
      readonly everyRows?: undefined
    }
) & {
  /** Columns: what is said goes for each of their values. */
  readonly by?: readonly K[]
  /**
   * Most rows that `'all'` by the clock, or a snapshot of a window, holds: past them the job fails with `STATE_FULL`.
   * Without it the rate of the input is the bound.
   */
  readonly maxRows?: number
}

const NAMES: OptionNames<OutputRate> = { every: true, everyRows: true, by: true, maxRows: true }

/** @throws EventfluxError `OPTION_INVALID`, `PLAN_INVALID`. */
export function outputStep({ tellsContent }: PlanScope, which: OutputKind, rate: OutputRate): OutputNode {
  if (typeof rate !== 'object' || rate === null)
    throw optionInvalid(`The rate of output is an object, not ${show(rate)}`, { value: rate, at: 'output' })
  checkOptions('output', rate, NAMES)
  const { every, everyRows, by, maxRows } = rate
  const everyMs = every === undefined ? undefined : durationMs(every, 'every')
  const content = which === 'snapshot' && tellsContent === true
  return outputNode({ which, rows: everyRows, everyMs, by, content, maxRows })
}
