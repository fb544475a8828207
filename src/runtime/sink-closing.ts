import type { EventfluxError } from '../errors.ts'
import type { Clock } from '../time/clock.ts'

/** How long a job that failed waits for its sinks to close before it says so. */
const GRACE_MS = 1_000

/** What closing needs of a sink. */
interface ClosableSink {
  /** Rejects with what kept the sink from closing. */
  closeSink(failure?: unknown): Promise<void>
}

/** Closes the sinks of a job, each once, whichever way the job ends. One that can't close keeps no other from closing. */
export class SinkClosing {
  readonly #sinks: readonly ClosableSink[]
  readonly #errors: unknown[] = []
  #closing: Promise<void> | undefined

  constructor(sinks: readonly ClosableSink[]) {
    this.#sinks = sinks
  }

  /** Resolves when all have closed. @throws What the first of them failed on. */
  async close(): Promise<void> {
    await this.#all(undefined)
    if (this.#errors.length > 0) throw this.#errors[0]
  }

  /**
   * Closes them because of `failure`, which gets what they fail on beside it. Waits only so long for a sink that doesn't
   * answer, and not at all for one of a job that ran out of time.
   */
  async closeFailed(failure: EventfluxError, clock: Clock): Promise<void> {
    const closing = this.#all(failure)
    if (failure.code !== 'TIMEOUT') {
      let cancel = (): void => {}
      const grace = new Promise<void>(resolve => {
        cancel = clock.after(GRACE_MS, resolve)
      })
      await Promise.race([closing, grace])
      cancel()
    }
    for (const error of this.#errors) {
      if (error !== failure && error !== failure.cause) failure.suppressed.push(error)
    }
  }

  /** Resolves when all have closed, or failed to. Never in the same turn: the caller may be inside a sink. */
  #all(failure: unknown): Promise<void> {
    this.#closing ??= Promise.all(
      this.#sinks.map(sink =>
        Promise.resolve()
          .then(() => sink.closeSink(failure))
          .catch(error => void this.#errors.push(error)),
      ),
    ).then(() => {})
    return this.#closing
  }
}
