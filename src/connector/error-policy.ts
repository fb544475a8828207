import { optionInvalid, show } from '../errors.ts'
import { checkOptions, type OptionNames } from '../options.ts'

/** A row that a stage could not handle, with everything needed to look into it. */
export interface FailedRow<R = unknown> {
  readonly row: R
  /** The name of the stage that failed. */
  readonly stage: string
  /** Which attempt failed, from 1. */
  readonly attempt: number
  readonly cause: unknown
}

/** Takes the rows nobody else could. */
export type DeadLetterSink<R = unknown> =
  | ((failed: FailedRow<R>) => void | Promise<void>)
  | { send(failed: FailedRow<R>): void | Promise<void> }

/** Sends failing rows to `sink` and goes on. */
export interface DeadLetterPolicy<R = unknown> {
  readonly kind: 'deadLetter'
  readonly sink: DeadLetterSink<R>
}

/** Tries again after growing waits: initialMs, initialMs·factor, … never above maxMs. */
interface RetryPolicy<R = unknown> {
  readonly kind: 'retry'
  /** Attempts in all, the first one included; at least 1. */
  readonly attempts: number
  readonly initialMs: number
  readonly factor: number
  readonly maxMs: number
  /** What happens to the row when the last attempt failed, or a `SinkError` said that none can help. */
  readonly otherwise: 'fail' | 'skip' | DeadLetterPolicy<R>
}

/**
 * What happens when a stage fails on one row: `'fail'` ends the job (the default everywhere), `'skip'` drops the row,
 * `retry` tries again, `deadLetter` hands it to a sink. Each outcome is counted.
 */
export type ErrorPolicy<R = unknown> = 'fail' | 'skip' | RetryPolicy<R> | DeadLetterPolicy<R>

/** Exact counts of one stage. failed = skipped + deadLettered + rows that ended the job. */
export interface ErrorCounts {
  /** Rows given up on. */
  failed: number
  /** Attempts made again. */
  retried: number
  skipped: number
  deadLettered: number
}

const RETRY: OptionNames<RetryPolicy> = {
  kind: true,
  attempts: true,
  initialMs: true,
  factor: true,
  maxMs: true,
  otherwise: true,
}
const DEAD_LETTER: OptionNames<DeadLetterPolicy> = { kind: true, sink: true }

/** Checks a policy once, when a stage is built. @throws EventfluxError `OPTION_INVALID` */
export function checkErrorPolicy(policy: ErrorPolicy<never>, stage: string): void {
  if (policy === 'fail' || policy === 'skip') return
  const kind = (policy as { kind?: unknown } | null | undefined)?.kind
  if (kind === 'deadLetter') {
    checkDeadLetter(policy as DeadLetterPolicy<never>, stage)
    return
  }
  if (kind !== 'retry') {
    throw optionInvalid(
      `the error policy of stage "${stage}" is ${show(policy)}: use 'fail', 'skip', { kind: 'retry', … } or { kind: 'deadLetter', sink }`,
      { value: policy, at: stage },
    )
  }
  checkOptions(`retry of stage "${stage}"`, policy, RETRY)
  const { attempts, initialMs, factor, maxMs, otherwise } = policy as RetryPolicy<never>
  const bad = !(Number.isSafeInteger(attempts) && attempts >= 1)
    ? ['attempts', attempts, 'an integer of at least 1']
    : !(Number.isFinite(initialMs) && initialMs >= 0)
      ? ['initialMs', initialMs, 'milliseconds of at least 0']
      : !(Number.isFinite(factor) && factor >= 1)
        ? ['factor', factor, 'a number of at least 1']
        : !(Number.isFinite(maxMs) && maxMs >= initialMs)
          ? ['maxMs', maxMs, 'milliseconds of at least initialMs']
          : undefined
  if (bad) {
    throw optionInvalid(`retry of stage "${stage}": ${bad[0]} is ${show(bad[1])} and must be ${bad[2]}`, {
      value: bad[1],
      at: stage,
    })
  }
  if (otherwise === 'fail' || otherwise === 'skip') return
  if (otherwise?.kind !== 'deadLetter') {
    throw optionInvalid(
      `retry of stage "${stage}": otherwise is ${show(otherwise)}: use 'fail', 'skip' or { kind: 'deadLetter', sink }`,
      {
        value: otherwise,
        at: stage,
      },
    )
  }
  checkDeadLetter(otherwise, stage)
}

function checkDeadLetter(policy: DeadLetterPolicy<never>, stage: string): void {
  checkOptions(`deadLetter of stage "${stage}"`, policy, DEAD_LETTER)
  const { sink } = policy
  if (typeof sink === 'function' || typeof sink?.send === 'function') return
  throw optionInvalid(
    `the dead letter sink of stage "${stage}" is ${show(sink)}: use a function or an object with send()`,
    {
      value: sink,
      at: stage,
    },
  )
}
