import type { Clock } from '../time/clock.ts'

/** Seconds a rate looks back. */
export type RateWindow = 1 | 10 | 60

export const isRateWindow = (seconds: unknown): seconds is RateWindow =>
  seconds === 1 || seconds === 10 || seconds === 60

/** One sub-bucket: 100 ms. */
const SUB_BUCKET_NS = 1e8
const SUB_BUCKETS_PER_SECOND = 10
const SUB_BUCKETS = 60 * SUB_BUCKETS_PER_SECOND

/** Rates in units per second. `peak1s`: the most that came within one second. */
export interface RateSnapshot {
  over1s: number
  over10s: number
  over60s: number
  peak1s: number
}

/** Rates of nothing, to be filled by {@link Meter.snapshotInto}. */
export function createRateSnapshot(): RateSnapshot {
  return { over1s: 0, over10s: 0, over60s: 0, peak1s: 0 }
}

/**
 * Rates over the last 1, 10 and 60 seconds of the monotonic clock.
 *
 * Marks are summed in a ring of 600 sub-buckets of 100 ms. A window of W seconds is the current sub-bucket, as far as
 * it has come, and the 10 W - 1 before it; the rate is their sum over the time they cover. A meter younger than the
 * window divides by its age, but never by less than one sub-bucket.
 *
 * @example
 * const clock = new VirtualClock()
 * const meter = new Meter(clock)
 * clock.advance(500)
 * meter.mark(100)
 * clock.advance(500)
 * meter.rate(10) // 100: a hundred in the one second there was
 */
export class Meter {
  readonly #clock: Clock
  #startNs: number
  readonly #sums = new Float64Array(SUB_BUCKETS)
  /** Number of the current sub-bucket, counted from the start. */
  #current = 0
  #total = 0
  #peak = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startNs = clock.monotonicNs()
  }

  /** Everything marked so far. */
  get total(): number {
    return this.#total
  }

  /** Counts `n` units now; constant time. `nowNs` saves a reading of the clock when the caller just made one. */
  mark(n: number, nowNs: number = this.#clock.monotonicNs()): void {
    this.#advance(nowNs)
    const slot = this.#current % SUB_BUCKETS
    this.#sums[slot] = this.#sums[slot]! + n
    this.#total += n
  }

  /** Units per second over the last `seconds`. */
  rate(seconds: RateWindow, nowNs: number = this.#clock.monotonicNs()): number {
    this.#advance(nowNs)
    const buckets = seconds * SUB_BUCKETS_PER_SECOND
    const ageNs = nowNs - this.#startNs
    const intoCurrentNs = ageNs - this.#current * SUB_BUCKET_NS
    const coveredNs = Math.min((buckets - 1) * SUB_BUCKET_NS + intoCurrentNs, ageNs)
    return (this.#sumOfLast(buckets) / Math.max(coveredNs, SUB_BUCKET_NS)) * 1e9
  }

  /** The most units within one second (ten sub-buckets in a row) so far. */
  peak(nowNs: number = this.#clock.monotonicNs()): number {
    this.#advance(nowNs)
    return Math.max(this.#peak, this.#sumOfLast(SUB_BUCKETS_PER_SECOND))
  }

  /** Writes the rates into `target`, without allocation; returns `target`. */
  snapshotInto(target: RateSnapshot, nowNs: number = this.#clock.monotonicNs()): RateSnapshot {
    target.over1s = this.rate(1, nowNs)
    target.over10s = this.rate(10, nowNs)
    target.over60s = this.rate(60, nowNs)
    target.peak1s = this.peak(nowNs)
    return target
  }

  /** Begins anew, with an age of zero. */
  reset(): void {
    this.#startNs = this.#clock.monotonicNs()
    this.#sums.fill(0)
    this.#current = 0
    this.#total = 0
    this.#peak = 0
  }

  /** Leaves the current sub-bucket when its time is over, and empties those skipped. */
  #advance(nowNs: number): void {
    const bucket = Math.floor((nowNs - this.#startNs) / SUB_BUCKET_NS)
    if (bucket <= this.#current) return
    // Skipped sub-buckets are empty, so no second ending in them holds more than the one ending here.
    this.#peak = Math.max(this.#peak, this.#sumOfLast(SUB_BUCKETS_PER_SECOND))
    const skipped = Math.min(bucket - this.#current, SUB_BUCKETS)
    for (let i = 0; i < skipped; i++) this.#sums[(bucket - i) % SUB_BUCKETS] = 0
    this.#current = bucket
  }

  #sumOfLast(buckets: number): number {
    let sum = 0
    for (let i = Math.min(buckets, this.#current + 1) - 1; i >= 0; i--)
      sum += this.#sums[(this.#current - i) % SUB_BUCKETS]!
    return sum
  }
}
