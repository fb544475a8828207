import { optionInvalid } from '../errors.ts'
import { expectArgument } from '../options.ts'

/** Sub-buckets per power of two: a bucket is at most 1/64 of its values wide, so its middle is at most 1/128 away. */
const SUB_BUCKETS = 64
const SUB_BUCKET_BITS = 6
const LARGEST_NS = Number.MAX_SAFE_INTEGER
/** Values 0..63, then 64 buckets for each of the 47 powers of two 2^6 … 2^52. */
const BUCKETS = SUB_BUCKETS + 47 * SUB_BUCKETS
const SUM_CARRY = 2 ** 53

/*
 * cells:  | count | sum low | sum high | min | max | bucket 0 | bucket 1 | … | bucket 3071 |
 *
 * All zero is an empty histogram, so fresh memory of any kind can be given. The sum is `high * 2^53 + low`: two cells
 * keep it exact, so merging is exact in any order, the mean included.
 */
const COUNT = 0
const SUM_LOW = 1
const SUM_HIGH = 2
const MIN = 3
const MAX = 4
const FIRST_BUCKET = 5

/** Cells of a histogram's storage (24,616 bytes as 64-bit floats). */
export const HISTOGRAM_CELLS = FIRST_BUCKET + BUCKETS

/** The distribution in a few numbers, in nanoseconds; NaN, except `count`, while nothing was recorded. */
export interface HistogramSnapshot {
  count: number
  min: number
  mean: number
  p50: number
  p90: number
  p99: number
  p999: number
  max: number
}

/** An empty distribution, to be filled by {@link Histogram.snapshotInto}. */
export function createHistogramSnapshot(): HistogramSnapshot {
  const none = Number.NaN
  return { count: 0, min: none, mean: none, p50: none, p90: none, p99: none, p999: none, max: none }
}

/** Makes `target` an empty distribution again. */
export function clearHistogramSnapshot(target: HistogramSnapshot): void {
  target.count = 0
  target.min = target.mean = target.p50 = target.p90 = target.p99 = target.p999 = target.max = Number.NaN
}

/**
 * Durations from 0 to 2^53 ns in log-linear buckets: percentiles within 1/128 (0.8 %) of the exact ones, fixed memory,
 * recording in constant time without allocation. Count, min, max and mean are exact.
 *
 * @example
 * const latency = new Histogram()
 * latency.record(1_500)
 * latency.record(2_500)
 * latency.percentile(50) // 1,500 within 0.8 %
 */
export class Histogram {
  /** The whole state, see the drawing above; it may lie in shared memory (one writer). */
  readonly cells: Float64Array

  /** @throws EventfluxError `OPTION_INVALID` when `cells` is not exactly as long as a histogram has cells. */
  constructor(cells: Float64Array = new Float64Array(HISTOGRAM_CELLS)) {
    expectArgument(
      'Histogram',
      cells,
      value => value instanceof Float64Array,
      'the cells of another histogram, a Float64Array',
    )
    if (cells.length !== HISTOGRAM_CELLS)
      throw optionInvalid(`a histogram needs ${HISTOGRAM_CELLS} cells, not ${cells.length}`, { value: cells.length })
    this.cells = cells
  }

  /**
   * Counts one duration, rounded to whole nanoseconds. What is not >= 0 (a clock set back, NaN) counts as 0, what is
   * over 2^53 - 1 as 2^53 - 1.
   */
  record(ns: number): void {
    const cells = this.cells
    const value = ns >= 0 ? (ns < LARGEST_NS ? Math.round(ns) : LARGEST_NS) : 0
    const count = cells[COUNT]!
    if (count === 0 || value < cells[MIN]!) cells[MIN] = value
    if (value > cells[MAX]!) cells[MAX] = value
    cells[COUNT] = count + 1
    addToSum(cells, value)
    const bucket = FIRST_BUCKET + bucketOf(value)
    cells[bucket] = cells[bucket]! + 1
  }

  get count(): number {
    return this.cells[COUNT]!
  }

  /** The shortest duration, exact; NaN while empty. */
  get min(): number {
    return this.cells[COUNT] === 0 ? Number.NaN : this.cells[MIN]!
  }

  /** The longest duration, exact; NaN while empty. */
  get max(): number {
    return this.cells[COUNT] === 0 ? Number.NaN : this.cells[MAX]!
  }

  /** All durations together: exact up to 2^53. */
  get sum(): number {
    return this.cells[SUM_HIGH]! * SUM_CARRY + this.cells[SUM_LOW]!
  }

  /** The mean of the exact sum; NaN while empty. */
  get mean(): number {
    return this.sum / this.cells[COUNT]!
  }

  get p50(): number {
    return this.percentile(50)
  }

  get p90(): number {
    return this.percentile(90)
  }

  get p99(): number {
    return this.percentile(99)
  }

  get p999(): number {
    return this.percentile(99.9)
  }

  /**
   * The nearest-rank percentile: the smallest duration that at least `p` % of the recorded ones don't exceed, within
   * 0.8 %; NaN while empty. Constant time (one walk over the buckets).
   *
   * @throws EventfluxError `OPTION_INVALID` when `p` is not within 0..100.
   */
  percentile(p: number): number {
    if (!(p >= 0 && p <= 100)) throw optionInvalid(`a percentile lies in 0..100, not at ${p}`, { value: p })
    const count = this.cells[COUNT]!
    if (count === 0) return Number.NaN
    const rank = rankOf(p, count)
    let seen = 0
    let bucket = -1
    while (seen < rank) seen += this.cells[FIRST_BUCKET + ++bucket]!
    return this.#valueOf(bucket)
  }

  /** Adds what `other` counted, exactly as if it had been recorded here. */
  merge(other: Histogram): void {
    const cells = this.cells
    const others = other.cells
    if (others[COUNT] === 0) return
    if (cells[COUNT] === 0 || others[MIN]! < cells[MIN]!) cells[MIN] = others[MIN]!
    if (others[MAX]! > cells[MAX]!) cells[MAX] = others[MAX]!
    cells[COUNT] = cells[COUNT]! + others[COUNT]!
    const high = others[SUM_HIGH]!
    addToSum(cells, others[SUM_LOW]!)
    cells[SUM_HIGH] = cells[SUM_HIGH]! + high
    for (let i = FIRST_BUCKET; i < HISTOGRAM_CELLS; i++) cells[i] = cells[i]! + others[i]!
  }

  /** Counts anew by the buckets: for a copy taken while another thread was in the middle of recording. */
  recount(): void {
    const cells = this.cells
    let count = 0
    for (let i = FIRST_BUCKET; i < HISTOGRAM_CELLS; i++) count += cells[i]!
    cells[COUNT] = count
  }

  /** Forgets everything. */
  reset(): void {
    this.cells.fill(0)
  }

  /** Writes the distribution into `target`, in one walk and without allocation; returns `target`. */
  snapshotInto(target: HistogramSnapshot): HistogramSnapshot {
    const cells = this.cells
    const count = cells[COUNT]!
    if (count === 0) {
      clearHistogramSnapshot(target)
      return target
    }
    target.count = count
    target.min = this.min
    target.max = this.max
    target.mean = this.mean
    let bucket = -1
    let seen = 0
    const rank50 = rankOf(50, count)
    while (seen < rank50) seen += cells[FIRST_BUCKET + ++bucket]!
    target.p50 = this.#valueOf(bucket)
    const rank90 = rankOf(90, count)
    while (seen < rank90) seen += cells[FIRST_BUCKET + ++bucket]!
    target.p90 = this.#valueOf(bucket)
    const rank99 = rankOf(99, count)
    while (seen < rank99) seen += cells[FIRST_BUCKET + ++bucket]!
    target.p99 = this.#valueOf(bucket)
    const rank999 = rankOf(99.9, count)
    while (seen < rank999) seen += cells[FIRST_BUCKET + ++bucket]!
    target.p999 = this.#valueOf(bucket)
    return target
  }

  /** The middle of a bucket, not beyond what was recorded. */
  #valueOf(bucket: number): number {
    return Math.min(Math.max(middleOf(bucket), this.cells[MIN]!), this.cells[MAX]!)
  }
}

/** low and value are both below 2^53; the carry is taken before a sum could leave the exact range. */
function addToSum(cells: Float64Array, value: number): void {
  const low = cells[SUM_LOW]!
  const room = SUM_CARRY - value
  if (low < room) {
    cells[SUM_LOW] = low + value
  } else {
    cells[SUM_LOW] = low - room
    cells[SUM_HIGH] = cells[SUM_HIGH]! + 1
  }
}

/** 1-based. p * count / 100 carries up to two ulps of rounding; without taking them back, 99.9 % of 1,000 could be 1,000. */
function rankOf(p: number, count: number): number {
  const exact = (p * count) / 100
  return Math.min(count, Math.max(1, Math.ceil(exact - exact * 2 ** -50)))
}

/** The bucket of a whole number 0 … 2^53 - 1: its power of two and the 6 bits below the leading one. */
function bucketOf(value: number): number {
  if (value < SUB_BUCKETS) return value
  if (value < 2 ** 31) {
    const exponent = 31 - Math.clz32(value)
    return ((exponent - 5) << SUB_BUCKET_BITS) + ((value >>> (exponent - 6)) & 63)
  }
  const upper = Math.floor(value / 2 ** 25)
  const exponent = 31 - Math.clz32(upper)
  return ((exponent + 20) << SUB_BUCKET_BITS) + ((upper >>> (exponent - 6)) & 63)
}

function middleOf(bucket: number): number {
  if (bucket < 2 * SUB_BUCKETS) return bucket
  const width = 2 ** ((bucket >> SUB_BUCKET_BITS) - 1)
  return (SUB_BUCKETS + (bucket & 63)) * width + width / 2
}
