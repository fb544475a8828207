import type { RejectReason } from './counters.ts'

/**
 * What became of every event offered to a queue. At every moment, under every strategy: offered = accepted +
 * rejected, and accepted = delivered + evicted + failed + queued.
 */
export interface LedgerSnapshot {
  readonly offered: number
  readonly accepted: number
  /** Refused, by reason; a reason left out counts as 0. */
  readonly rejected: Readonly<Partial<Record<RejectReason, number>>>
  readonly delivered: number
  /** Accepted, then given up for newer ones. */
  readonly evicted: number
  /** Accepted and still inside. */
  readonly queued: number
  readonly failed: number
}
