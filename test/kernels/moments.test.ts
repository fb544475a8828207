import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { MOMENTS_BYTES, MOMENTS_COUNT, MOMENTS_MEAN } from '../../assembly/abi.ts'
import { certifiedSets, digits, MEAN_DIGITS } from '../nist-strd.ts'
import { EnginePair } from './engine-pair.ts'

const pair = new EnginePair()
beforeEach(() => pair.reset())

interface Moments {
  readonly mean: number
  readonly count: number
  readonly stdDevSample: number
  readonly varianceSample: number
  readonly variance: number
}

/** Chunk by chunk into records of their own, combined in order, finished. */
function momentsOf(values: readonly number[], chunk = values.length || 1): Moments {
  pair.reset()
  const chunks = Math.max(1, Math.ceil(values.length / chunk))
  const records = pair.room(chunks * MOMENTS_BYTES)
  const a = pair.put(Float64Array.from(values))
  const addr = pair.put(Uint32Array.from(values, (_, i) => records + Math.floor(i / chunk) * MOMENTS_BYTES))
  pair.call('accumulateMomentsF64', addr, 0, 0, values.length, a, 0, 0)
  const dst = pair.put(Uint32Array.of(records))
  const src = pair.room(4)
  for (let i = 1; i < chunks; i++) {
    pair.set(src, Uint32Array.of(records + i * MOMENTS_BYTES))
    pair.call('combineMomentsF64', dst, src, 1, 0)
  }
  const out = pair.room(24)
  pair.call('finishStdDevF64', dst, 1, 0, 1, out)
  pair.call('finishVarianceF64', dst, 1, 0, 1, out + 8)
  pair.call('finishVarianceF64', dst, 1, 0, 0, out + 16)
  const [stdDevSample, varianceSample, variance] = pair.f64(out, 3)
  return {
    mean: pair.f64(records + MOMENTS_MEAN, 1)[0]!,
    count: pair.f64(records + MOMENTS_COUNT, 1)[0]!,
    stdDevSample: stdDevSample!,
    varianceSample: varianceSample!,
    variance: variance!,
  }
}

/** avg as a pipeline finishes it: from the compensated sum. */
function averageOf(values: readonly number[]): number {
  pair.reset()
  const record = pair.put(Float64Array.of(values.length, 0, 0))
  const addr = pair.put(new Uint32Array(values.length).fill(record))
  const a = pair.put(Float64Array.from(values))
  pair.call('accumulateSumF64', addr, 0, 0, values.length, a, 0, 8)
  const out = pair.room(8)
  pair.call('finishAvgF64', addr, 1, 8, 0, out)
  return pair.f64(out, 1)[0]!
}

describe('moments of the certified NIST sets', () => {
  it.each(certifiedSets)('$name: the mean, the deviation to the digits it has, whole and in chunks', given => {
    const { values, mean, stdDev, stdDevDigits } = given
    expect(digits(averageOf(values), mean)).toBeGreaterThanOrEqual(MEAN_DIGITS)
    for (const chunk of [values.length, 512, 64, 7]) {
      const moments = momentsOf(values, chunk)
      expect(moments.count).toBe(values.length)
      expect(digits(moments.mean, mean), `mean, chunks of ${chunk}`).toBeGreaterThanOrEqual(MEAN_DIGITS)
      expect(digits(moments.stdDevSample, stdDev), `deviation, chunks of ${chunk}`).toBeGreaterThanOrEqual(stdDevDigits)
    }
  })
})

describe('moments', () => {
  it('agree with two passes over any values, however they are split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 60 }),
        (values, chunk) => {
          const mean = values.reduce((sum, v) => sum + v, 0) / values.length
          const m2 = values.reduce((sum, v) => sum + (v - mean) ** 2, 0)
          const moments = momentsOf(values, chunk)
          const scale = Math.max(...values.map(Math.abs))
          // A mean among the subnormal numbers is only known to their spacing.
          expect(Math.abs(moments.mean - mean)).toBeLessThanOrEqual(scale * 1e-14 + 2 * Number.MIN_VALUE)
          expect(Math.abs(moments.variance - m2 / values.length)).toBeLessThanOrEqual(scale ** 2 * 1e-13)
        },
      ),
    )
  })

  it('of nothing and of one value have no deviation', () => {
    expect(momentsOf([])).toMatchObject({ count: 0, variance: 0, varianceSample: 0 })
    expect(momentsOf([42])).toMatchObject({ mean: 42, variance: 0, varianceSample: 0, stdDevSample: 0 })
  })

  it('skip nulls and rows that are not selected', () => {
    const record = pair.room(MOMENTS_BYTES)
    const addr = pair.put(new Uint32Array(4).fill(record))
    const a = pair.put(Float64Array.of(1000, 2, 1000, 4, 1000, 9))
    const validity = pair.putValidity([true, true, false, true, true, true])
    const sel = pair.putSelection([1, 2, 3, 5])
    pair.call('accumulateMomentsF64', addr, sel, 0, 4, a, validity, 0)
    expect(pair.f64(record + MOMENTS_MEAN, 1)).toEqual([5])
    expect(pair.f64(record + MOMENTS_COUNT, 1)).toEqual([3])
  })

  it('combined with an empty side are those of the other', () => {
    const records = pair.room(2 * MOMENTS_BYTES)
    const addr = pair.put(new Uint32Array(3).fill(records))
    const a = pair.put(Float64Array.of(1, 2, 6))
    pair.call('accumulateMomentsF64', addr, 0, 0, 3, a, 0, 0)
    const [full, empty] = [pair.put(Uint32Array.of(records)), pair.put(Uint32Array.of(records + MOMENTS_BYTES))]
    const before = pair.f64(records, 3)
    pair.call('combineMomentsF64', full, empty, 1, 0)
    expect(pair.f64(records, 3)).toEqual(before)
    pair.call('combineMomentsF64', empty, full, 1, 0)
    expect(pair.f64(records + MOMENTS_BYTES, 3)).toEqual(before)
  })
})
