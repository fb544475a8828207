import { optionInvalid, show } from '../errors.ts'
import { checkOptions, type OptionNames } from '../options.ts'
import { type Duration, durationMs } from './duration.ts'
import { checkTrigger, describeTrigger, type IntervalTrigger, type RowsTrigger } from './triggers.ts'

/** When a window gives results before its end. */
export type Early = { readonly every: Duration } | { readonly everyEventTime: Duration } | { readonly rows: number }

const NAMES: OptionNames<Early> = { every: true, everyEventTime: true, rows: true }

export interface EarlyOptions {
  /**
   * Has windows give results before their end: at every multiple of a time by the job's clock (`every`) or of the watermark
   * (`everyEventTime`), or with every so many `rows` of a key in a window. Each time, keys that took rows in since they
   * last gave a result give one; so does the end. What is in it, `firing` says. Such windows share no slices: each has a
   * record of its own per key. A session gives its results for itself, with the bounds it has by then.
   */
  readonly early?: Early
}

/** The same as data. */
export interface EarlySpec {
  readonly early?: RowsTrigger | IntervalTrigger
}

/** Options as data; not checked otherwise. */
export function earlySpec({ early }: EarlyOptions): { readonly early?: unknown } {
  if (early === undefined) return {}
  if (typeof early === 'object' && early !== null) checkOptions('early', early, NAMES)
  const given = (early ?? {}) as Partial<Record<'every' | 'everyEventTime' | 'rows', never>>
  const named = (['every', 'everyEventTime', 'rows'] as const).filter(name => given[name] !== undefined)
  if (named.length !== 1)
    throw optionInvalid(`early is { every }, { everyEventTime } or { rows }, not ${show(early)}`, {
      value: early,
      at: 'early',
    })
  if (given.rows !== undefined) return { early: { kind: 'rows', rows: given.rows } }
  const by = given.every === undefined ? 'eventTime' : 'clock'
  return { early: { kind: 'interval', everyMs: durationMs(given[named[0]!]!, named[0]!), by } }
}

/** Checks options given as data and copies them. @throws EventfluxError `OPTION_INVALID`. */
export function checkEarly({ early, emit }: { readonly early?: unknown; readonly emit?: unknown }): EarlySpec {
  if (early === undefined) return {}
  const kind = (early as { readonly kind?: unknown } | null)?.kind
  if (kind !== 'rows' && kind !== 'interval')
    throw optionInvalid(`early goes by rows or by an interval, not by ${show(early)}`, { value: early, at: 'early' })
  if (emit === 'onUpdate')
    throw optionInvalid("Windows that give a result on every update can't give others early", {
      value: emit,
      at: 'emit',
    })
  return { early: checkTrigger(early) as RowsTrigger | IntervalTrigger }
}

/** The option as `explain()` shows it behind a window. */
export const describeEarly = ({ early }: EarlySpec): string =>
  early === undefined ? '' : `, early ${describeTrigger(early)}`
