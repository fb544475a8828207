import type { RejectReason } from './counters.ts'

/** What became of every row offered to an edge, a queue or a job. */
export interface LedgerSnapshot {
  readonly offered: number
  readonly accepted: number
  /** Refused, by reason; a reason left out counts as 0. */
  readonly rejected: Readonly<Partial<Record<RejectReason, number>>>
  readonly delivered: number
  /** Accepted, then given up for newer rows. */
  readonly evicted: number
  /** Accepted and still inside. */
  readonly queued: number
  readonly failed: number
  /** Accepted, then too late for its window; default 0. */
  readonly late?: number
}

/** How far a ledger is off; two zeros are a balanced one. Positive: rows unaccounted for. Negative: counted twice. */
interface LedgerImbalance {
  /** offered - accepted - rejected */
  readonly atEntry: number
  /** accepted - delivered - evicted - late - failed - queued */
  readonly inside: number
}

/**
 * Checks that no row was lost or counted twice: offered = accepted + rejected, and
 * accepted = delivered + evicted + late + failed + queued. Both hold at every moment, under every strategy.
 *
 * @example
 * checkLedger({ offered: 10, accepted: 8, rejected: { full: 2 }, delivered: 5, evicted: 1, queued: 2, failed: 0 })
 * // { atEntry: 0, inside: 0 }
 */
export function checkLedger(ledger: LedgerSnapshot): LedgerImbalance {
  const { full = 0, closed = 0, timeout = 0, aborted = 0, circuitOpen = 0 } = ledger.rejected
  const { accepted, delivered, evicted, queued, failed, late = 0 } = ledger
  return {
    atEntry: ledger.offered - accepted - full - closed - timeout - aborted - circuitOpen,
    inside: accepted - delivered - evicted - late - failed - queued,
  }
}
