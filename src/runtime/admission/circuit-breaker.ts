import type { CircuitBreaker } from '../../plan/backpressure-strategy.ts'
import type { AdmissionEdge } from './admission-edge.ts'
import type { AdmissionPolicy } from './admission-policy.ts'
import type { Offer } from './offer.ts'

/**
 * `circuit-breaker`: refusals in a row open the circuit; while it is open nothing even looks for room. After the
 * recovery time the next row is the probe: let in, it closes the circuit; refused, it opens it for as long again.
 * A batch counts row by row.
 */
export class Breaker implements AdmissionPolicy {
  readonly #threshold: number
  readonly #recoveryNs: number
  #state: 'closed' | 'open' | 'half-open' = 'closed'
  #failures = 0
  #openUntilNs = 0

  constructor(strategy: CircuitBreaker) {
    this.#threshold = strategy.failureThreshold
    this.#recoveryNs = strategy.recoveryMs * 1e6
  }

  get isAtRest(): boolean {
    return this.#state === 'closed' && this.#failures === 0
  }

  admit<Result>(offer: Offer<Result>, edge: AdmissionEdge): Result {
    if (this.#state !== 'closed' && !this.#probe(offer, edge)) return edge.refuse(offer, 'circuitOpen')
    const offered = offer.left
    const isAllIn = edge.take(offer)
    if (offer.left < offered) this.#failures = 0
    if (isAllIn) return offer.result()
    const failing = Math.min(offer.left, this.#threshold - this.#failures)
    this.#failures += failing
    edge.refuse(offer, 'full', failing)
    if (this.#failures === this.#threshold) this.#open(edge)
    return edge.refuse(offer, 'circuitOpen')
  }

  /** True: the circuit is closed again. */
  #probe<Result>(offer: Offer<Result>, edge: AdmissionEdge): boolean {
    if (this.#state === 'half-open' || edge.clock.monotonicNs() < this.#openUntilNs) return false
    this.#state = 'half-open'
    const offered = offer.left
    try {
      edge.take(offer)
    } finally {
      if (offer.left < offered) this.#close()
      else this.#open(edge)
    }
    if (offer.left < offered) return true
    edge.refuse(offer, 'full', 1)
    return false
  }

  #close(): void {
    this.#state = 'closed'
    this.#failures = 0
  }

  #open(edge: AdmissionEdge): void {
    this.#state = 'open'
    this.#openUntilNs = edge.clock.monotonicNs() + this.#recoveryNs
  }
}
