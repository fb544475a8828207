import { backpressure } from '../../errors.ts'
import type { AdmissionEdge } from './admission-edge.ts'
import type { AdmissionPolicy } from './admission-policy.ts'
import type { Offer } from './offer.ts'

/** `error`: a full edge fails. */
export class FailWhenFull implements AdmissionPolicy {
  readonly isAtRest = true

  admit<Result>(offer: Offer<Result>, edge: AdmissionEdge): Result {
    if (edge.take(offer)) return offer.result()
    const { capacity } = edge.store
    throw edge.failWith(
      offer,
      backpressure(
        `the queue is full (${capacity} events) and its strategy is 'error': raise the capacity, slow the producer down, or take 'block'`,
        { value: capacity },
      ),
    )
  }
}

/** `unbounded`: a full edge grows; where it can't any more, it fails. */
export class GrowWhenFull implements AdmissionPolicy {
  readonly isAtRest = true
  readonly #maxBytes: number

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  admit<Result>(offer: Offer<Result>, edge: AdmissionEdge): Result {
    while (!edge.take(offer)) {
      if (edge.grow(this.#maxBytes)) continue
      const { length, bytes } = edge.store
      const limit = this.#maxBytes === Number.POSITIVE_INFINITY ? 'memory' : `maxBytes (${this.#maxBytes})`
      throw edge.failWith(
        offer,
        backpressure(
          `the unbounded queue holds ${length} events in ${bytes} bytes and ${limit} allows no more: its reader can't keep up`,
          { value: length },
        ),
      )
    }
    return offer.result()
  }
}
