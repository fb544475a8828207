import type { EventfluxError } from '../../errors.ts'
import type { RejectReason } from '../../metrics/counters.ts'
import type { Clock } from '../../time/clock.ts'
import { onAbort } from '../../time/on-abort.ts'
import type { AdmissionStore, GrowthWarning } from './admission-store.ts'
import type { AdmissionListener } from './ledger.ts'
import type { Offer } from './offer.ts'
import { type Patience, Waiter, WaitingLine } from './waiting-line.ts'

export type EdgeState = 'open' | 'closed' | 'failed'

/**
 * What policies act on: the bounded store, those who wait before it, and the counts. Keeps the laws that hold under
 * every strategy: rows go in in the order they were offered, and each is counted exactly once.
 */
export class AdmissionEdge {
  readonly store: AdmissionStore
  readonly clock: Clock
  readonly #listener: AdmissionListener
  readonly #onGrow: ((warning: GrowthWarning) => void) | undefined
  readonly #line = new WaitingLine()
  #state: EdgeState = 'open'
  #failure: unknown
  /** Whether a row may go straight in: the edge is open and nobody waits. Kept as a field because every push reads it. */
  #isClear = true
  #isServing = false
  /** What came up while a waiting offer was half way in. */
  readonly #afterServing: (() => void)[] = []

  constructor(
    store: AdmissionStore,
    clock: Clock,
    listener: AdmissionListener,
    onGrow: ((warning: GrowthWarning) => void) | undefined,
  ) {
    this.store = store
    this.clock = clock
    this.#listener = listener
    this.#onGrow = onGrow
  }

  get state(): EdgeState {
    return this.#state
  }

  get failure(): unknown {
    return this.#failure
  }

  get isClear(): boolean {
    return this.#isClear
  }

  get waiting(): number {
    return this.#line.length
  }

  /**
   * Lets in what fits, after everyone who waits. True: nothing of it is left. Letting rows in may set off work that ends
   * the edge; what is left then is refused.
   */
  take(offer: Offer<unknown>): boolean {
    this.serve()
    if (this.#line.isEmpty) this.#accept(offer)
    if (this.#state !== 'open') this.refuse(offer, 'closed')
    return offer.left === 0
  }

  /** Refuses `rows` of what is left (default: all); returns the answer to the whole offer as far as it is known. */
  refuse<Result>(offer: Offer<Result>, reason: RejectReason, rows = offer.left): Result {
    if (rows > 0) {
      offer.refused(reason, rows)
      this.#listener.onRejected(reason, rows)
    }
    return offer.result()
  }

  /** Drops up to `rows` of the oldest; returns how many. */
  evict(rows: number): number {
    const evicted = this.store.evictOldest(rows)
    if (evicted > 0) this.#listener.onEvicted(evicted)
    return evicted
  }

  /** Enlarges the store within `maxBytes`; false: it can't. */
  grow(maxBytes: number): boolean {
    if (this.store.grow?.(maxBytes) !== true) return false
    this.#onGrow?.({ capacity: this.store.capacity, bytes: this.store.bytes })
    return true
  }

  /** Puts an offer in line. */
  wait<Result>(offer: Offer<Result>, patience?: Patience): Result | Promise<Result> {
    const { signal } = offer
    // It may have come up while rows went in: no listener is told of it any more.
    if (signal?.aborted) return this.refuse(offer, 'aborted')
    return new Promise<Result>((resolve, reject) => {
      const waiter = new Waiter(offer, resolve as (result: unknown) => void, reject)
      this.#line.join(waiter)
      this.#isClear = false
      if (signal !== undefined) waiter.onEnd(onAbort(signal, () => this.#giveUp(waiter, 'aborted')))
      if (patience === undefined) return
      const retry = () => {
        this.serve()
        return waiter.isSettled
      }
      const fail = (error: unknown) => {
        this.#leave(waiter)
        waiter.fail(error)
        this.serve()
      }
      waiter.onEnd(patience({ retry, giveUp: reason => this.#giveUp(waiter, reason), fail }))
    })
  }

  /** Gives room to those who wait, first come first served. */
  serve(): void {
    if (this.#line.isEmpty || this.#isServing) return
    this.#isServing = true
    try {
      while (this.#state === 'open') {
        const waiter = this.#line.first
        if (waiter === undefined) break
        try {
          this.#accept(waiter.offer)
        } catch (error) {
          this.#leave(waiter)
          waiter.fail(error)
          continue
        }
        if (waiter.offer.left > 0) break
        this.#leave(waiter)
        waiter.settle()
      }
    } finally {
      this.#isServing = false
      for (const action of this.#afterServing.splice(0)) action()
    }
  }

  /**
   * Decides on an offer. One that comes up while somebody who waits is half way in is behind them: whether there is room for it
   * shows when they are in, so what its strategy does about that waits until then.
   */
  decide<Result>(decision: () => Result | Promise<Result>): Result | Promise<Result> {
    if (!this.#isServing) return decision()
    return new Promise((resolve, reject) => {
      this.#afterServing.push(() => {
        try {
          resolve(decision())
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  /** Refuses everything from now on, and those who wait. */
  close(): void {
    if (this.#state !== 'open') return
    this.#state = 'closed'
    this.#refuseAll()
  }

  /** The same, because of `failure`. An edge that ended already stays as it is. */
  fail(failure: unknown): void {
    if (this.#state !== 'open') return
    this.#state = 'failed'
    this.#failure = failure
    this.#refuseAll()
  }

  /** Fails over an offer that found no room; returns the error, to be thrown. */
  failWith(offer: Offer<unknown>, error: EventfluxError): EventfluxError {
    this.refuse(offer, 'full')
    this.fail(error)
    this.#listener.onFailed?.(error)
    return error
  }

  #accept(offer: Offer<unknown>): void {
    while (offer.left > 0 && this.#state === 'open') {
      const rows = offer.accept(offer.left)
      if (rows === 0) return
      offer.left -= rows
      this.#listener.onAccepted(rows)
    }
  }

  #giveUp(waiter: Waiter, reason: RejectReason): void {
    this.#whenServed(() => {
      if (reason !== 'aborted') this.serve()
      if (waiter.isSettled) return
      this.refuse(waiter.offer, reason)
      this.#leave(waiter)
      waiter.settle()
      // Whoever comes next may fit where this one didn't.
      this.serve()
    })
  }

  #refuseAll(): void {
    this.#isClear = false
    this.#whenServed(() => {
      for (let waiter = this.#line.first; waiter !== undefined; waiter = this.#line.first) {
        this.refuse(waiter.offer, 'closed')
        this.#leave(waiter)
        waiter.settle()
      }
    })
  }

  #leave(waiter: Waiter): void {
    this.#line.leave(waiter)
    this.#isClear = this.#state === 'open' && this.#line.isEmpty
  }

  /** Runs `action` now, or as soon as no waiting offer is half way in. */
  #whenServed(action: () => void): void {
    if (this.#isServing) this.#afterServing.push(action)
    else action()
  }
}
