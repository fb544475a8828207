import { checkOptions, expectSignal, type OptionNames } from '../../options.ts'
import type { BackpressureStrategy } from '../../plan/backpressure-strategy.ts'
import type { Clock } from '../../time/clock.ts'
import { AdmissionEdge, type EdgeState } from './admission-edge.ts'
import type { AdmissionPolicy } from './admission-policy.ts'
import type { AdmissionStore, GrowthWarning } from './admission-store.ts'
import type { AdmissionListener } from './ledger.ts'
import { BatchOffer, type Offer, SingleOffer } from './offer.ts'
import { Policies } from './policies.ts'
import type { BatchResult, PushResult } from './push-result.ts'

interface AdmissionOptions {
  /** What happens when the store is full, unless a push says otherwise. */
  readonly strategy: BackpressureStrategy
  readonly clock: Clock
  /** Told of every decision: a `Ledger`, or something that counts elsewhere. */
  readonly ledger: AdmissionListener
  /** Evenly from 0 to below 1, for jitter; default `Math.random`. */
  readonly random?: () => number
  /** Called at each growth of an unbounded store. */
  readonly onGrow?: (warning: GrowthWarning) => void
}

/** What one push wants to have different from the rest. */
export interface PushOptions {
  /** For this push only. */
  readonly strategy?: BackpressureStrategy
  /** Ends the wait: the push is refused with `aborted`. */
  readonly signal?: AbortSignal
}

const PUSH_NAMES: OptionNames<PushOptions> = { strategy: true, signal: true }

/** @throws EventfluxError `OPTION_INVALID` */
function checkPushOptions(options: PushOptions | undefined): void {
  if (options === undefined) return
  checkOptions('push', options, PUSH_NAMES)
  expectSignal(options.signal)
}

/**
 * The door of a bounded queue: applies a backpressure strategy to what is pushed. Whoever finds room goes straight in,
 * without allocation; the rest is the strategy's business. Nobody overtakes one who waits.
 *
 * The owner of the queue calls `spaceFreed` after it took rows out.
 */
export class Admission {
  readonly #edge: AdmissionEdge
  readonly #policies: Policies
  readonly #policy: AdmissionPolicy
  readonly #ledger: AdmissionListener

  /** @throws EventfluxError `OPTION_INVALID` for a strategy that isn't one. */
  constructor(store: AdmissionStore, options: AdmissionOptions) {
    this.#ledger = options.ledger
    this.#edge = new AdmissionEdge(store, options.clock, options.ledger, options.onGrow)
    this.#policies = new Policies(options.random ?? Math.random)
    this.#policy = this.#policies.of(options.strategy)
  }

  get state(): EdgeState {
    return this.#edge.state
  }

  /** Why the edge failed; undefined while it hasn't. */
  get failure(): unknown {
    return this.#edge.failure
  }

  /** Whether a row may go straight in if there is room: open, and nobody waits. */
  get isClear(): boolean {
    return this.#edge.isClear
  }

  /** The same under the edge's own strategy: no circuit is open. */
  get isFree(): boolean {
    return this.#edge.isClear && this.#policy.isAtRest
  }

  /** Pushes that wait. */
  get waiting(): number {
    return this.#edge.waiting
  }

  /**
   * Offers one event. `tryAccept` stores it, or returns false when there is no room; it may be called again later.
   * Answers at once unless the strategy has to wait.
   *
   * @throws EventfluxError `BACKPRESSURE` when a full edge is to fail, `OPTION_INVALID` for a strategy or a signal that isn't one.
   */
  admit(tryAccept: () => boolean, options?: PushOptions): PushResult | Promise<PushResult> {
    if (options === undefined && this.isFree && tryAccept()) {
      this.#ledger.onAccepted(1)
      return true
    }
    checkPushOptions(options)
    return this.#decide(new SingleOffer(tryAccept, options?.signal), options?.strategy)
  }

  /**
   * Offers `rows` rows. `acceptSome(n)` stores up to n of those not stored yet, in order, and returns how many; 0 means
   * that there is no room. The strategy treats what finds no room as if the rows came one by one: the ledger is the
   * same.
   *
   * @throws EventfluxError as `admit` does; rows that went in before stay in.
   */
  admitMany(
    rows: number,
    acceptSome: (rows: number) => number,
    options?: PushOptions,
  ): BatchResult | Promise<BatchResult> {
    checkPushOptions(options)
    let done = 0
    if (options === undefined && this.isFree) {
      // Letting rows in may set off work that ends the edge.
      while (done < rows && this.#edge.isClear) {
        const accepted = acceptSome(rows - done)
        if (accepted === 0) break
        this.#ledger.onAccepted(accepted)
        done += accepted
      }
    }
    if (done === rows) return true
    return this.#decide(new BatchOffer(rows, done, acceptSome, options?.signal), options?.strategy)
  }

  /** Refuses one row without asking the strategy: how a push that must never wait counts its failure. */
  turnAway(): void {
    this.#ledger.onRejected(this.#edge.state === 'open' ? 'full' : 'closed', 1)
  }

  /** Room appeared: lets in those who wait, first come first served. */
  spaceFreed(): void {
    this.#edge.serve()
  }

  /** Refuses everything from now on with `closed`, those who wait included. What is inside stays. */
  close(): void {
    this.#edge.close()
  }

  /** The same, because of `failure`. */
  fail(failure: unknown): void {
    this.#edge.fail(failure)
  }

  #decide<Result>(offer: Offer<Result>, strategy: BackpressureStrategy | undefined): Result | Promise<Result> {
    const edge = this.#edge
    const policy = strategy === undefined ? this.#policy : this.#policies.of(strategy)
    return edge.decide(() => {
      if (edge.state !== 'open') return edge.refuse(offer, 'closed')
      if (offer.signal?.aborted) return edge.refuse(offer, 'aborted')
      return policy.admit(offer, edge)
    })
  }
}
