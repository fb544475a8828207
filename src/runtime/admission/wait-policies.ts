import { optionInvalid, show } from '../../errors.ts'
import type { ExponentialBackoff } from '../../plan/backpressure-strategy.ts'
import type { AdmissionEdge } from './admission-edge.ts'
import type { AdmissionPolicy } from './admission-policy.ts'
import type { Offer } from './offer.ts'
import type { Patience } from './waiting-line.ts'

/** `block`: waits for room, first come first served; forever, or at most `timeoutMs`. */
export class Block implements AdmissionPolicy {
  readonly isAtRest = true
  readonly #timeoutMs: number | undefined

  constructor(timeoutMs: number | undefined) {
    this.#timeoutMs = timeoutMs
  }

  admit<Result>(offer: Offer<Result>, edge: AdmissionEdge): Result | Promise<Result> {
    if (edge.take(offer)) return offer.result()
    const timeoutMs = this.#timeoutMs
    if (timeoutMs === undefined) return edge.wait(offer)
    if (timeoutMs === 0) return edge.refuse(offer, 'timeout')
    return edge.wait(offer, wait => edge.clock.after(timeoutMs, () => wait.giveUp('timeout')))
  }
}

/**
 * `backoff`: looks again after waits of growing length, and whenever room appears meanwhile. Full jitter draws each wait
 * evenly from 0 to its length, so that producers that failed together don't come back together.
 */
export class Backoff implements AdmissionPolicy {
  readonly isAtRest = true
  readonly #strategy: Required<ExponentialBackoff>
  readonly #random: () => number

  constructor(strategy: Required<ExponentialBackoff>, random: () => number) {
    this.#strategy = strategy
    this.#random = random
  }

  admit<Result>(offer: Offer<Result>, edge: AdmissionEdge): Result | Promise<Result> {
    if (edge.take(offer)) return offer.result()
    return edge.wait(offer, this.#sleeps(edge))
  }

  /** @throws EventfluxError `OPTION_INVALID`; whatever `random` throws. */
  #jitter(): number {
    const share = this.#random()
    if (share >= 0 && share <= 1) return share
    throw optionInvalid(`random gives numbers from 0 to below 1, not ${show(share)}`, { value: share, at: 'random' })
  }

  #sleeps(edge: AdmissionEdge): Patience {
    const { initialMs, factor, maxMs, attempts, jitter } = this.#strategy
    return wait => {
      let lengthMs = initialMs
      let slept = 0
      let cancel = () => {}
      const sleep = () => {
        let delayMs = lengthMs
        if (jitter === 'full') {
          try {
            delayMs *= this.#jitter()
          } catch (error) {
            return wait.fail(error)
          }
        }
        lengthMs = Math.min(lengthMs * factor, maxMs)
        cancel = edge.clock.after(delayMs, () => {
          slept++
          if (slept === attempts) wait.giveUp('full')
          else if (!wait.retry()) sleep()
        })
      }
      sleep()
      return () => cancel()
    }
  }
}
