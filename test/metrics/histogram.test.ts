import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventfluxError } from '../../src/errors.ts'
import { createHistogramSnapshot, HISTOGRAM_CELLS, Histogram } from '../../src/metrics/histogram.ts'

const PERCENT_TENTHS = [0, 1, 10, 250, 500, 900, 990, 999, 1000]

/** The nearest-rank percentile of sorted whole numbers, in integer arithmetic. */
function exactPercentile(sorted: readonly number[], tenths: number): number {
  const rank = Number((BigInt(tenths) * BigInt(sorted.length) + 999n) / 1000n)
  return sorted[Math.max(1, rank) - 1]!
}

function histogramOf(values: Iterable<number>): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.record(value)
  return histogram
}

const wholeNs = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
/** Every magnitude equally likely, which uniform numbers are not. */
const magnitudes = fc
  .tuple(fc.integer({ min: 0, max: 52 }), fc.double({ min: 1, max: 2, noNaN: true }))
  .map(([exponent, factor]) => Math.min(Math.floor(2 ** exponent * factor), Number.MAX_SAFE_INTEGER))
const nearPowers = fc
  .tuple(fc.integer({ min: 0, max: 52 }), fc.integer({ min: -2, max: 2 }))
  .map(([exponent, offset]) => Math.max(0, 2 ** exponent + offset))
const smooth = (shape: (u: number) => number) =>
  fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true }).map(u => Math.min(Math.round(shape(u)), 2 ** 53 - 1))

const distributions: Record<string, fc.Arbitrary<number>> = {
  uniform: wholeNs,
  'every magnitude': magnitudes,
  'around powers of two': nearPowers,
  exponential: smooth(u => -Math.log(u) * 1e6),
  'heavy tail': smooth(u => 1e3 * (1 - u) ** -3),
  'a narrow peak': fc.integer({ min: 1_000_000, max: 1_000_100 }),
  'one value': fc.constant(123_456_789),
  bimodal: fc.oneof(fc.integer({ min: 100, max: 200 }), fc.integer({ min: 5e9, max: 6e9 })),
  small: fc.integer({ min: 0, max: 130 }),
}

describe('Histogram', () => {
  for (const [name, distribution] of Object.entries(distributions))
    it(`keeps percentiles within 1 % of the exact ones: ${name}`, () => {
      fc.assert(
        fc.property(fc.array(distribution, { minLength: 1, maxLength: 1500 }), values => {
          const histogram = histogramOf(values)
          const sorted = [...values].sort((a, b) => a - b)
          for (const tenths of PERCENT_TENTHS) {
            const exact = exactPercentile(sorted, tenths)
            expect(Math.abs(histogram.percentile(tenths / 10) - exact)).toBeLessThanOrEqual(exact * 0.01)
          }
        }),
      )
    })

  it('is within 1/128 for every single value', () => {
    fc.assert(
      fc.property(fc.oneof(magnitudes, nearPowers, wholeNs), value => {
        // Two far neighbours keep min and max from pinning the middle one.
        const histogram = histogramOf([0, value, Number.MAX_SAFE_INTEGER])
        expect(Math.abs(histogram.percentile(50) - value)).toBeLessThanOrEqual(value / 128)
      }),
      { numRuns: 5000 },
    )
  })

  it('is exact up to 127 ns', () => {
    for (let value = 0; value < 128; value++) expect(histogramOf([0, value, 1e9]).percentile(50)).toBe(value)
  })

  it('takes 99.9 % of 1,000 samples as the 999th, despite binary fractions', () => {
    const histogram = histogramOf([...new Array<number>(999).fill(10), 100])
    expect(histogram.p999).toBe(10)
    expect(histogram.percentile(100)).toBe(100)
  })

  it('keeps count, min, max and mean exact', () => {
    fc.assert(
      fc.property(fc.array(wholeNs, { minLength: 1, maxLength: 300 }), values => {
        const histogram = histogramOf(values)
        const sum = values.reduce((total, value) => total + BigInt(value), 0n)
        expect(histogram.count).toBe(values.length)
        expect(histogram.min).toBe(Math.min(...values))
        expect(histogram.max).toBe(Math.max(...values))
        const mean = Number(sum) / values.length
        expect(Math.abs(histogram.mean - mean)).toBeLessThanOrEqual(mean * 2 ** -51)
      }),
    )
  })

  it('merges exactly: cell by cell as if everything had been recorded in one', () => {
    const parts = fc.array(fc.array(fc.oneof(wholeNs, magnitudes), { maxLength: 80 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(parts, fc.boolean(), (workers, backwards) => {
        const merged = new Histogram()
        const histograms = workers.map(histogramOf)
        for (const histogram of backwards ? histograms.reverse() : histograms) merged.merge(histogram)
        expect(merged.cells).toEqual(histogramOf(workers.flat()).cells)
      }),
    )
  })

  it('merges with itself by doubling', () => {
    const values = [5, 2 ** 52, 2 ** 53 - 1, 2 ** 53 - 1]
    const histogram = histogramOf(values)
    histogram.merge(histogram)
    expect(histogram.cells).toEqual(histogramOf([...values, ...values]).cells)
  })

  it('counts what is not >= 0 as 0 and what is too long as 2^53 - 1', () => {
    const histogram = histogramOf([-5, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 1e300])
    expect(histogram.count).toBe(5)
    expect(histogram.min).toBe(0)
    expect(histogram.percentile(60)).toBe(0)
    expect(histogram.max).toBe(Number.MAX_SAFE_INTEGER)
  })

  it('is NaN while empty, and empty again after a reset', () => {
    const empty = createHistogramSnapshot()
    const histogram = histogramOf([1, 2, 3])
    expect(histogram.snapshotInto(createHistogramSnapshot())).not.toEqual(empty)
    histogram.reset()
    expect(histogram.snapshotInto(createHistogramSnapshot())).toEqual(empty)
    expect(histogram.percentile(50)).toBeNaN()
  })

  it('gives a snapshot equal to its single figures, into the object given', () => {
    fc.assert(
      fc.property(fc.array(magnitudes, { minLength: 1, maxLength: 500 }), values => {
        const histogram = histogramOf(values)
        const target = createHistogramSnapshot()
        expect(histogram.snapshotInto(target)).toBe(target)
        const { count, min, mean, p50, p90, p99, p999, max } = histogram
        expect(target).toEqual({ count, min, mean, p50, p90, p99, p999, max })
      }),
    )
  })

  it('works on shared memory that starts as zeros', () => {
    const shared = new Float64Array(new SharedArrayBuffer(HISTOGRAM_CELLS * 8))
    new Histogram(shared).record(42)
    expect(new Histogram(shared).p99).toBe(42)
  })

  it('refuses storage of another length and percentiles outside 0..100', () => {
    expect(() => new Histogram(new Float64Array(10))).toThrow(EventfluxError)
    expect(() => new Histogram().percentile(101)).toThrow(/0\.\.100/)
    expect(() => new Histogram().percentile(Number.NaN)).toThrow(/0\.\.100/)
  })
})
