import { optionInvalid, show } from '../errors.ts'
import { checkOptions, type NoOthers, type OptionNames } from '../options.ts'
import { checkFiring, type Firing, type FiringOf } from './lateness.ts'
import { checkTrigger, describeTrigger, type Trigger, type TriggerSpec } from './triggers.ts'

/** One window over all time, which gives results when its trigger says so. */
export interface GlobalSpec {
  readonly kind: 'global'
  readonly trigger: TriggerSpec
  /** Present when a window that has fired is empty afterwards. */
  readonly purge?: true
  /** Present when a window that fires again takes back what it gave before. */
  readonly firing?: 'retracting'
  /** Present when the end of the input fires what has not been given yet. */
  readonly fireAtEnd?: true
  /** Present when what grows with the rows may do so for good. */
  readonly unbounded?: true
}

/** Options of global windows. */
export interface GlobalOptions {
  /** When results come: `everyRows`, `everyInterval`, `onDelta`, or a trigger of one's own. */
  // biome-ignore lint/suspicious/noExplicitAny: a trigger says itself what its state and the rows it sees are.
  readonly trigger: TriggerSpec | Trigger<any, any>
  /** Whether a window that has fired is empty afterwards (Flink's PurgingTrigger). Default: it keeps everything. */
  readonly purge?: boolean
  /**
   * What is in a result: `'accumulating'` (the default) all rows so far, `'discarding'` those since the last one (the same
   * as `purge: true`), `'retracting'` the last result once more, with `isRetraction: true`, and then all rows so far. What
   * a trigger of one's own has purged is not taken back.
   */
  readonly firing?: Firing
  /**
   * Whether the end of the input makes every key fire that took rows in since it last did. Default: it doesn't, as in
   * Flink, and they are never seen.
   */
  readonly fireAtEnd?: boolean
  /**
   * That aggregates which grow with the rows (`distinctCount`, exact percentiles) may do so for good. Without it they are
   * refused where nothing purges the window.
   */
  readonly unbounded?: boolean
}

const NAMES: OptionNames<GlobalOptions> = { trigger: true, purge: true, firing: true, fireAtEnd: true, unbounded: true }

/**
 * One window over all time. Its results have no bounds, but a `windowTime`: that of the row, or the instant, that made
 * it fire. What it holds, it holds for good, or until it is purged: one record per key.
 *
 * @throws EventfluxError `OPTION_INVALID`, also where no trigger is given.
 *
 * @example
 * ```ts
 * globalWindow({ trigger: everyRows(10) })
 * globalWindow({ trigger: everyInterval('10s'), purge: true, fireAtEnd: true })
 * globalWindow({ trigger: everyRows(10), firing: 'retracting' })
 * globalWindow({ trigger: { onRow: (_state, row: { isLast: boolean }) => (row.isLast ? 'fireAndPurge' : 'continue') } })
 * ```
 */
export function globalWindow<const O extends GlobalOptions>(
  options: O & NoOthers<O, GlobalOptions>,
): GlobalSpec & FiringOf<O> {
  checkOptions('globalWindow', options, NAMES)
  return checkGlobal({ ...options }) as GlobalSpec & FiringOf<O>
}

/** Checks a global window given as data and freezes a copy. @throws EventfluxError `OPTION_INVALID`. */
export function checkGlobal(given: Partial<Record<keyof GlobalSpec, unknown>>): GlobalSpec {
  const flag = (name: 'purge' | 'fireAtEnd' | 'unbounded'): boolean => {
    const value = given[name] ?? false
    if (typeof value === 'boolean') return value
    throw optionInvalid(`${name} is true or false, not ${show(value)}`, { value, at: name })
  }
  const firing = checkFiring(given.firing)
  if (flag('purge') && firing !== undefined && firing !== 'discarding')
    throw optionInvalid(`A global window that is purged is discarding; it can't be ${firing}`, {
      value: firing,
      at: 'firing',
    })
  return Object.freeze({
    kind: 'global',
    trigger: checkTrigger(given.trigger),
    ...((flag('purge') || firing === 'discarding') && { purge: true as const }),
    ...(firing === 'retracting' && { firing }),
    ...(flag('fireAtEnd') && { fireAtEnd: true as const }),
    ...(flag('unbounded') && { unbounded: true as const }),
  })
}

/** A window as `explain()` shows it. */
export const describeGlobal = ({ trigger, purge, firing, fireAtEnd, unbounded }: GlobalSpec): string =>
  `global, ${describeTrigger(trigger)}${purge ? ', purged' : ''}${firing === undefined ? '' : `, ${firing}`}${fireAtEnd ? ', and at the end' : ''}${unbounded ? ', unbounded' : ''}`
