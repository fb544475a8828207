import type { AdmissionEdge } from './admission-edge.ts'
import type { AdmissionPolicy } from './admission-policy.ts'
import type { Offer } from './offer.ts'

/** `drop-newest`: what finds no room is refused. */
export class DropNewest implements AdmissionPolicy {
  readonly isAtRest = true

  admit<Result>(offer: Offer<Result>, edge: AdmissionEdge): Result {
    return edge.take(offer) ? offer.result() : edge.refuse(offer, 'full')
  }
}

/**
 * `drop-oldest`: as many of the oldest make room as it takes, never more. Whoever waits already is let in first, each in
 * the place of an older row, so that rows stay in the order they came.
 */
export class DropOldest implements AdmissionPolicy {
  readonly isAtRest = true

  admit<Result>(offer: Offer<Result>, edge: AdmissionEdge): Result {
    while (!edge.take(offer)) {
      if (edge.evict(offer.left) === 0) return edge.refuse(offer, 'full')
    }
    return offer.result()
  }
}
