import type { RejectReason } from '../../metrics/counters.ts'
import { type BatchResult, type PushResult, REJECTED } from './push-result.ts'

/** Rows on their way in: how many are left, and how to hand them over. */
export abstract class Offer<Result> {
  left: number
  /** Hands over up to `rows` of what is left, oldest first; returns how many found room. */
  readonly accept: (rows: number) => number
  readonly signal: AbortSignal | undefined

  constructor(rows: number, accept: (rows: number) => number, signal: AbortSignal | undefined) {
    this.left = rows
    this.accept = accept
    this.signal = signal
  }

  /** Notes that `rows` of what is left won't go in. */
  abstract refused(reason: RejectReason, rows: number): void
  /** What to answer once nothing is left. */
  abstract result(): Result
}

/** One event. */
export class SingleOffer extends Offer<PushResult> {
  #result: PushResult = true

  constructor(tryAccept: () => boolean, signal: AbortSignal | undefined) {
    super(1, () => (tryAccept() ? 1 : 0), signal)
  }

  refused(reason: RejectReason): void {
    this.left = 0
    this.#result = REJECTED[reason]
  }

  result(): PushResult {
    return this.#result
  }
}

/** A batch of rows. Its answer names the first reason; the ledger counts each row under its own. */
export class BatchOffer extends Offer<BatchResult> {
  readonly #rows: number
  #rejected = 0
  #reason: RejectReason | undefined

  /** @param done Rows of the `rows` that went in already. */
  constructor(rows: number, done: number, accept: (rows: number) => number, signal: AbortSignal | undefined) {
    super(rows - done, accept, signal)
    this.#rows = rows
  }

  refused(reason: RejectReason, rows: number): void {
    this.left -= rows
    this.#rejected += rows
    this.#reason ??= reason
  }

  result(): BatchResult {
    if (this.#reason === undefined) return true
    return { ok: false, reason: this.#reason, accepted: this.#rows - this.#rejected, rejected: this.#rejected }
  }
}
