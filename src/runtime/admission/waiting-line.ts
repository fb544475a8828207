import type { RejectReason } from '../../metrics/counters.ts'
import type { Offer } from './offer.ts'

/** What a policy can do with an offer it lets wait. */
interface Wait {
  /** Looks for room again; true: the offer is in. */
  retry(): boolean
  /** Ends the wait: what finds no room now is refused. */
  giveUp(reason: RejectReason): void
  /** Ends the wait of an offer that its policy can't decide on: it is neither in nor refused. */
  fail(error: unknown): void
}

/** How long an offer waits: starts its timers; the returned function stops them. */
export type Patience = (wait: Wait) => () => void

/** An offer in line. */
export class Waiter {
  readonly offer: Offer<unknown>
  readonly #resolve: (result: unknown) => void
  readonly #reject: (error: unknown) => void
  #stops: (() => void)[] = []
  #isSettled = false

  constructor(offer: Offer<unknown>, resolve: (result: unknown) => void, reject: (error: unknown) => void) {
    this.offer = offer
    this.#resolve = resolve
    this.#reject = reject
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** Has `stop` called when the wait ends, so that no timer and no listener outlives it. */
  onEnd(stop: () => void): void {
    if (this.#isSettled) stop()
    else this.#stops.push(stop)
  }

  settle(): void {
    this.#end()
    this.#resolve(this.offer.result())
  }

  fail(error: unknown): void {
    this.#end()
    this.#reject(error)
  }

  #end(): void {
    this.#isSettled = true
    for (const stop of this.#stops) stop()
    this.#stops = []
  }
}

/** Those who wait for room, first come first served. Joining and leaving from anywhere: O(1). */
export class WaitingLine {
  /** A set keeps the order of joining. */
  readonly #waiters = new Set<Waiter>()

  get isEmpty(): boolean {
    return this.#waiters.size === 0
  }

  /** Offers waiting. */
  get length(): number {
    return this.#waiters.size
  }

  get first(): Waiter | undefined {
    for (const waiter of this.#waiters) return waiter
    return undefined
  }

  join(waiter: Waiter): void {
    this.#waiters.add(waiter)
  }

  leave(waiter: Waiter): void {
    this.#waiters.delete(waiter)
  }
}
