import {
  type BackpressureStrategy,
  type NormalisedStrategy,
  normaliseStrategy,
} from '../../plan/backpressure-strategy.ts'
import type { AdmissionPolicy } from './admission-policy.ts'
import { Breaker } from './circuit-breaker.ts'
import { DropNewest, DropOldest } from './drop-policies.ts'
import { FailWhenFull, GrowWhenFull } from './fail-policies.ts'
import { Backoff, Block } from './wait-policies.ts'

/**
 * The policies of one edge. Equal strategies share a policy, so that pushes that each name the same circuit breaker
 * share its circuit.
 */
export class Policies {
  readonly #random: () => number
  readonly #made = new Map<string, AdmissionPolicy>()

  constructor(random: () => number) {
    this.#random = random
  }

  /** @throws EventfluxError `OPTION_INVALID` for a strategy that isn't one. */
  of(strategy: BackpressureStrategy): AdmissionPolicy {
    if (typeof strategy === 'string')
      return this.#made.get(strategy) ?? this.#make(strategy, normaliseStrategy(strategy))
    const normalised = normaliseStrategy(strategy)
    // The others have no state worth sharing, and callers may vary their numbers without end.
    if (normalised.kind !== 'circuit-breaker') return policyOf(normalised, this.#random)
    const key = `circuit-breaker ${normalised.failureThreshold} ${normalised.recoveryMs}`
    return this.#made.get(key) ?? this.#make(key, normalised)
  }

  #make(key: string, strategy: NormalisedStrategy): AdmissionPolicy {
    const policy = policyOf(strategy, this.#random)
    this.#made.set(key, policy)
    return policy
  }
}

function policyOf(strategy: NormalisedStrategy, random: () => number): AdmissionPolicy {
  switch (strategy.kind) {
    case 'block':
      return new Block(strategy.timeoutMs)
    case 'drop-oldest':
      return new DropOldest()
    case 'drop-newest':
      return new DropNewest()
    case 'unbounded':
      return new GrowWhenFull(strategy.maxBytes ?? Number.POSITIVE_INFINITY)
    case 'error':
      return new FailWhenFull()
    case 'backoff':
      return new Backoff(strategy, random)
    case 'circuit-breaker':
      return new Breaker(strategy)
  }
}
