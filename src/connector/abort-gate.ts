import type { Clock } from '../time/clock.ts'

/** What `AbortGate.wait` gives when the signal came first. */
export const ABORTED: unique symbol = Symbol('aborted')

/**
 * Waits for promises one after the other, giving up on the current one when the signal aborts. One listener for the
 * whole life: `Promise.race` against a long-lived promise would keep a reaction per wait.
 */
export class AbortGate {
  readonly #signal: AbortSignal
  readonly #onAbort = (): void => this.#release?.(ABORTED)
  #release: ((outcome: typeof ABORTED) => void) | undefined

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** The value of `promise`, or ABORTED. One wait at a time. */
  wait<T>(promise: PromiseLike<T>): Promise<T | typeof ABORTED> {
    return new Promise<T | typeof ABORTED>((resolve, reject) => {
      if (this.#signal.aborted) {
        // Nobody looks at it any more: its failure must not become an unhandled rejection.
        promise.then(undefined, () => {})
        resolve(ABORTED)
        return
      }
      this.#release = resolve
      promise.then(resolve, reject)
    })
  }

  /** Lets `ms` pass on the clock. */
  sleep(clock: Clock, ms: number): Promise<undefined | typeof ABORTED> {
    let cancel: () => void = () => {}
    const passed = new Promise<undefined>(resolve => {
      cancel = clock.after(ms, () => resolve(undefined))
    })
    return this.wait(passed).then(outcome => {
      if (outcome === ABORTED) cancel()
      return outcome
    })
  }

  /** Stops listening. */
  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort)
  }
}
