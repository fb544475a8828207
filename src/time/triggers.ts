import { optionInvalid, show } from '../errors.ts'
import { checkOptions } from '../options.ts'
import { type Duration, durationMs, formatDuration } from './duration.ts'

/** Fires when `rows` rows have come since it last did. */
export interface RowsTrigger {
  readonly kind: 'rows'
  readonly rows: number
}

/** Fires at multiples of an interval. */
export interface IntervalTrigger {
  readonly kind: 'interval'
  readonly everyMs: number
  readonly by: 'eventTime' | 'clock'
}

/** Fires when a value is further than a threshold from where it was when it last fired. */
export interface DeltaTrigger {
  readonly kind: 'delta'
  readonly column: string
  readonly threshold: number
}

/** What a trigger says: hand out what the window holds, empty it, both, or neither. */
export type TriggerResult = 'continue' | 'fire' | 'purge' | 'fireAndPurge'

/** What a trigger of one's own knows of time. */
export interface TriggerTime {
  /** The event time of the row; in `onTime`, the instant. */
  readonly rowTime: number
  /** The watermark the row met, -Infinity before there is one; in `onTime`, the instant, or Infinity at the end. */
  readonly watermark: number
  /**
   * Has `onTime` called once the watermark reaches `atMs`. A later call for the same key replaces it. Keys that wait for
   * the same instant are called in the order in which they asked. At the end of the input no more can be asked for.
   */
  wakeAt(atMs: number): void
}

/**
 * A trigger of one's own. It has a state for each key, and is asked about every row after the window has taken it in.
 * `R` is the row it sees.
 */
export interface Trigger<S = unknown, R = unknown> {
  /** The state of a key that comes for the first time. */
  create?(): S
  onRow(state: S, row: R, time: TriggerTime): TriggerResult
  /** The watermark has reached the instant asked for. */
  onTime?(state: S, atMs: number, time: TriggerTime): TriggerResult
}

/** A trigger of one's own as part of a plan. */
export interface OwnTrigger {
  readonly kind: 'own'
  readonly definition: Trigger<unknown, never>
}

/** When a global window gives results. */
export type TriggerSpec = RowsTrigger | IntervalTrigger | DeltaTrigger | OwnTrigger

/**
 * A trigger that fires for a key with every `rows`-th row of it.
 *
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * globalWindow({ trigger: everyRows(100), purge: true })
 * ```
 */
export const everyRows = (rows: number): RowsTrigger => checkTrigger({ kind: 'rows', rows }) as RowsTrigger

/**
 * A trigger that fires at every multiple of `interval` since the epoch: when the watermark reaches it (`by: 'eventTime'`,
 * the default), or the job's clock does. Only keys that took rows in since they last fired give a result. By event time, a
 * key first fires at the first multiple behind the row it began with (Flink's ContinuousEventTimeTrigger, which repeats
 * what has not changed), and begins anew when it has been purged.
 *
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * globalWindow({ trigger: everyInterval('10s') })
 * globalWindow({ trigger: everyInterval('1s', { by: 'clock' }) })
 * ```
 */
export const everyInterval = (
  interval: Duration,
  options: { readonly by?: 'eventTime' | 'clock' } = {},
): IntervalTrigger => {
  checkOptions<typeof options>('everyInterval', options, { by: true })
  return checkTrigger({
    kind: 'interval',
    everyMs: durationMs(interval, 'interval'),
    by: options.by ?? 'eventTime',
  }) as IntervalTrigger
}

/**
 * A trigger that fires for a key when a column's value is more than `threshold` away from what it was when the key last
 * fired, or in its first row (Flink's DeltaTrigger). Null and NaN are passed over.
 *
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * globalWindow({ trigger: onDelta('price', 0.5) })
 * ```
 */
export const onDelta = (column: string, threshold: number): DeltaTrigger =>
  checkTrigger({ kind: 'delta', column, threshold }) as DeltaTrigger

/** Checks a trigger given as data, or one of the user's own. @throws EventfluxError `OPTION_INVALID`. */
export function checkTrigger(given: unknown): TriggerSpec {
  const trigger = given as (Partial<Record<string, unknown>> & { readonly kind?: unknown }) | null | undefined
  switch (trigger?.kind) {
    case 'rows':
      return Object.freeze({ kind: 'rows', rows: whole('rows', trigger.rows, 2 ** 32 - 1) })
    case 'interval': {
      const { by } = trigger
      if (by !== 'eventTime' && by !== 'clock')
        throw optionInvalid(`by is 'eventTime' or 'clock', not ${show(by)}`, { value: by, at: 'by' })
      return Object.freeze({
        kind: 'interval',
        everyMs: whole('interval', trigger.everyMs, Number.MAX_SAFE_INTEGER),
        by,
      })
    }
    case 'delta': {
      const { column, threshold } = trigger
      if (typeof column !== 'string')
        throw optionInvalid(`A delta is of a column, not of ${show(column)}`, { value: column, at: 'column' })
      if (!(typeof threshold === 'number' && threshold >= 0 && threshold < Number.POSITIVE_INFINITY))
        throw optionInvalid(`The threshold of a delta is a number of at least 0, not ${show(threshold)}`, {
          value: threshold,
          at: 'threshold',
        })
      return Object.freeze({ kind: 'delta', column, threshold })
    }
    case 'own':
      return ownTrigger(trigger.definition)
    default:
      return ownTrigger(given)
  }
}

function ownTrigger(value: unknown): OwnTrigger {
  const given = value as Partial<Trigger<unknown, never>> | null | undefined
  const isFunction = (each: unknown) => each === undefined || typeof each === 'function'
  if (typeof given?.onRow === 'function' && isFunction(given.create) && isFunction(given.onTime))
    return Object.freeze({ kind: 'own', definition: given as Trigger<unknown, never> })
  throw optionInvalid(
    `A global window needs a trigger: everyRows(n), everyInterval(time), onDelta(column, threshold) or { onRow }, not ${show(given)}`,
    { value: given, at: 'trigger' },
  )
}

/** A trigger as `explain()` shows it. */
export function describeTrigger(trigger: TriggerSpec): string {
  switch (trigger.kind) {
    case 'rows':
      return `every ${trigger.rows} rows`
    case 'interval':
      return `every ${formatDuration(trigger.everyMs)}${trigger.by === 'clock' ? ' of the clock' : ''}`
    case 'delta':
      return `when ${trigger.column} moves by more than ${trigger.threshold}`
    case 'own':
      return 'by a trigger of its own'
  }
}

function whole(at: string, value: unknown, most: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most) return value as number
  throw optionInvalid(`${at} of a trigger is a whole number from 1 to ${most}, not ${show(value)}`, { value, at })
}
