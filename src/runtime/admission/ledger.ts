import type { RejectReason } from '../../metrics/counters.ts'
import type { LedgerSnapshot } from '../../metrics/ledger.ts'

/** Who is told what an admission decided; each row is told once, at its decision. */
export interface AdmissionListener {
  /** `rows` were offered and let in. */
  onAccepted(rows: number): void
  /** `rows` were offered and refused. */
  onRejected(reason: RejectReason, rows: number): void
  /** `rows` let in before were given up for newer ones. */
  onEvicted(rows: number): void
  /** The strategy ended the edge: nothing more is let in. */
  onFailed?(error: unknown): void
}

/**
 * Counts what became of every row offered: offered = accepted + rejected, accepted = delivered + evicted + queued. A
 * row counts as offered when it is decided on; one that still waits isn't in here yet.
 */
export class Ledger implements AdmissionListener {
  offered = 0
  accepted = 0
  /** Counted by whoever takes rows out. */
  delivered = 0
  evicted = 0
  readonly rejected: Record<RejectReason, number> = {
    full: 0,
    closed: 0,
    timeout: 0,
    aborted: 0,
    circuitOpen: 0,
    invalid: 0,
  }

  onAccepted(rows: number): void {
    this.offered += rows
    this.accepted += rows
  }

  onRejected(reason: RejectReason, rows: number): void {
    this.offered += rows
    this.rejected[reason] += rows
  }

  onEvicted(rows: number): void {
    this.evicted += rows
  }

  /** A copy of the counts, with the rows that are inside as their owner counts them. */
  snapshot(queued: number): LedgerSnapshot {
    const { offered, accepted, delivered, evicted } = this
    return { offered, accepted, rejected: { ...this.rejected }, delivered, evicted, queued, failed: 0 }
  }
}
