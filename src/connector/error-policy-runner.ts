import { type EventfluxError, messageOf, sinkFailed, sourceFailed, stageFailed } from '../errors.ts'
import type { Clock } from '../time/clock.ts'
import { onAbort } from '../time/on-abort.ts'
import {
  checkErrorPolicy,
  type DeadLetterPolicy,
  type ErrorCounts,
  type ErrorPolicy,
  type FailedRow,
} from './error-policy.ts'
import { SinkError } from './sink.ts'

/** Which error ends the job when the policy says `'fail'`. */
type StageRole = 'source' | 'stage' | 'sink'

const MAKERS = { source: sourceFailed, stage: stageFailed, sink: sinkFailed } as const

interface ErrorPolicyRunnerOptions<R> {
  /** The name of the stage, for errors and dead letters. */
  readonly stage: string
  readonly role?: StageRole
  readonly policy: ErrorPolicy<R>
  readonly clock: Clock
  /** Ends waits between attempts: the row then fails with its last cause. */
  readonly signal?: AbortSignal
}

/** What is done with a row; `id` says which one it is, where that matters. */
type Action<R, T, Id> = (row: R, id: Id) => T | Promise<T>

/**
 * Applies the error policy of one stage, row by row, and counts exactly. A synchronous success costs a try block: no
 * promise, no allocation.
 */
export class ErrorPolicyRunner<R = unknown> {
  readonly stage: string
  readonly counts: ErrorCounts = { failed: 0, retried: 0, skipped: 0, deadLettered: 0 }
  readonly #policy: ErrorPolicy<R>
  readonly #clock: Clock
  readonly #signal: AbortSignal | undefined
  readonly #fatal: (typeof MAKERS)[StageRole]

  /** @throws EventfluxError `OPTION_INVALID` for a policy out of range. */
  constructor(options: ErrorPolicyRunnerOptions<R>) {
    checkErrorPolicy(options.policy as ErrorPolicy<never>, options.stage)
    this.stage = options.stage
    this.#policy = options.policy
    this.#clock = options.clock
    this.#signal = options.signal
    this.#fatal = MAKERS[options.role ?? 'stage']
  }

  /**
   * Runs `action(row, id)` under the policy. Returns what it returned, or undefined when the row was skipped or dead
   * lettered; a promise only when `action` gave one or an attempt has to wait.
   *
   * @throws EventfluxError `SOURCE_FAILED`, `STAGE_FAILED` or `SINK_FAILED` when the policy ends the job.
   */
  run<T, Id = undefined>(
    row: R,
    action: Action<R, T, Id>,
    id = undefined as Id,
  ): T | undefined | Promise<T | undefined> {
    let outcome: T | Promise<T>
    try {
      outcome = action(row, id)
    } catch (cause) {
      return this.#failed(row, action, id, 1, cause)
    }
    if (!isPromise(outcome)) return outcome
    return Promise.resolve(outcome).then(undefined, cause => this.#failed(row, action, id, 1, cause))
  }

  /** Routes a failure that happened elsewhere (a rejected line, say), as a first and only attempt. */
  fail(row: R, cause: unknown): void | Promise<void> {
    return this.#giveUp({ row, stage: this.stage, attempt: 1, cause })
  }

  /** Counts a row that ends the job and makes the error saying so. */
  ending(row: R, cause: unknown): EventfluxError {
    this.counts.failed++
    return this.#ending({ row, stage: this.stage, attempt: 1, cause })
  }

  #failed<T, Id>(
    row: R,
    action: Action<R, T, Id>,
    id: Id,
    attempt: number,
    cause: unknown,
  ): undefined | Promise<T | undefined> {
    const policy = this.#policy
    const mayRetry =
      typeof policy === 'object' &&
      policy.kind === 'retry' &&
      attempt < policy.attempts &&
      !(cause instanceof SinkError && !cause.retriable) &&
      this.#signal?.aborted !== true
    if (mayRetry) return this.#retry(row, action, id, attempt, cause)
    return this.#giveUp({ row, stage: this.stage, attempt, cause }) as undefined | Promise<undefined>
  }

  async #retry<T, Id>(
    row: R,
    action: Action<R, T, Id>,
    id: Id,
    attempt: number,
    cause: unknown,
  ): Promise<T | undefined> {
    const policy = this.#policy as Extract<ErrorPolicy<R>, { kind: 'retry' }>
    // The power may be Infinity.
    const delayMs =
      policy.initialMs === 0 ? 0 : Math.min(policy.initialMs * policy.factor ** (attempt - 1), policy.maxMs)
    if (await this.#sleep(delayMs)) {
      return this.#giveUp({ row, stage: this.stage, attempt, cause }) as undefined | Promise<undefined>
    }
    this.counts.retried++
    try {
      return await action(row, id)
    } catch (next) {
      return this.#failed(row, action, id, attempt + 1, next)
    }
  }

  /** Resolves with whether the signal came before the time was over. */
  async #sleep(ms: number): Promise<boolean> {
    const signal = this.#signal
    let forget = (): void => {}
    let cancel = (): void => {}
    const isAborted = await new Promise<boolean>(resolve => {
      if (signal !== undefined) forget = onAbort(signal, () => resolve(true))
      cancel = this.#clock.after(ms, () => resolve(false))
    })
    forget()
    cancel()
    return isAborted
  }

  #giveUp(failed: FailedRow<R>): void | Promise<void> {
    this.counts.failed++
    const last =
      typeof this.#policy === 'object' && this.#policy.kind === 'retry' ? this.#policy.otherwise : this.#policy
    if (last === 'fail') throw this.#ending(failed)
    if (last === 'skip') {
      this.counts.skipped++
      return
    }
    return this.#bury(failed, last)
  }

  #ending({ row, stage, attempt, cause }: FailedRow<R>): EventfluxError {
    const tries = attempt === 1 ? '' : ` after ${attempt} attempts`
    return this.#fatal(`"${stage}" failed on a row${tries}: ${messageOf(cause)}`, { value: row, at: stage, cause })
  }

  #bury(failed: FailedRow<R>, { sink }: DeadLetterPolicy<R>): void | Promise<void> {
    let sent: void | Promise<void>
    try {
      sent = typeof sink === 'function' ? sink(failed) : sink.send(failed)
    } catch (cause) {
      throw this.#lost(failed, cause)
    }
    if (isPromise(sent)) {
      return Promise.resolve(sent).then(
        () => {
          this.counts.deadLettered++
        },
        cause => {
          throw this.#lost(failed, cause)
        },
      )
    }
    this.counts.deadLettered++
  }

  #lost(failed: FailedRow<R>, cause: unknown): EventfluxError {
    return sinkFailed(`the dead letter sink of "${failed.stage}" failed: ${messageOf(cause)}`, {
      value: failed,
      at: failed.stage,
      cause,
    })
  }
}

export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Promise<T> | null | undefined)?.then === 'function'
}
