import type { AdmissionEdge } from './admission-edge.ts'
import type { Offer } from './offer.ts'

/** One backpressure strategy at work. */
export interface AdmissionPolicy {
  /** Whether a push that finds room may take it without asking: no circuit is open, no failure to forget. */
  readonly isAtRest: boolean
  /**
   * Decides on an offer to an open edge: takes it in, refuses it, or lets it wait.
   *
   * @throws EventfluxError `BACKPRESSURE` when the strategy is to fail.
   */
  admit<Result>(offer: Offer<Result>, edge: AdmissionEdge): Result | Promise<Result>
}
