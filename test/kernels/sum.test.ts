import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { SUM_F64_BYTES } from '../../assembly/abi.ts'
import { EnginePair } from './engine-pair.ts'
import { Random } from './random.ts'

const pair = new EnginePair()
beforeEach(() => pair.reset())

/** The sum as a pipeline takes it: chunk by chunk into records of their own, combined in order, finished. */
function sumOf(values: readonly number[], chunk = values.length || 1): number {
  pair.reset()
  const chunks = Math.max(1, Math.ceil(values.length / chunk))
  const records = pair.room(chunks * SUM_F64_BYTES)
  const a = pair.put(Float64Array.from(values))
  const addr = pair.put(Uint32Array.from(values, (_, i) => records + Math.floor(i / chunk) * SUM_F64_BYTES))
  pair.call('accumulateSumF64', addr, 0, 0, values.length, a, 0, 0)
  const dst = pair.put(Uint32Array.of(records))
  const src = pair.room(4)
  for (let i = 1; i < chunks; i++) {
    pair.set(src, Uint32Array.of(records + i * SUM_F64_BYTES))
    pair.call('combineSumF64', dst, src, 1, 0)
  }
  const out = pair.room(8)
  pair.call('finishSumF64', dst, 1, 0, out)
  return pair.f64(out, 1)[0]!
}

/** The exact sum of doubles, rounded once: all of them are integers in units of 2^-1074. */
function exactSum(values: readonly number[]): { sum: number; magnitude: number } {
  const view = new DataView(new ArrayBuffer(8))
  let total = 0n
  let magnitude = 0n
  for (const value of values) {
    view.setFloat64(0, value)
    const bits = view.getBigUint64(0)
    const exponent = (bits >> 52n) & 0x7ffn
    const fraction = bits & 0xfffffffffffffn
    const units = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n)
    total += bits >> 63n ? -units : units
    magnitude += units
  }
  return { sum: fromUnits(total), magnitude: fromUnits(magnitude) }
}

/** units · 2^-1074, rounded to the nearest double: Number() of a BigInt rounds correctly, powers of two are exact. */
function fromUnits(units: bigint): number {
  const size = units < 0n ? -units : units
  const shift = Math.max(0, size.toString(2).length - 900)
  const scaled = Number(units >> BigInt(shift))
  let result = scaled
  let power = shift - 1074
  while (power < 0) {
    const step = Math.max(power, -500)
    result *= 2 ** step
    power -= step
  }
  return result * 2 ** power
}

describe('sum of f64', () => {
  it('survives cancellation that a plain sum does not', () => {
    expect(sumOf([1, 1e100, 1, -1e100])).toBe(2)
    expect(sumOf([1e16, 1, -1e16])).toBe(1)
    expect(sumOf([1e308, 1, -1e308, 1e-3])).toBe(1.001)
    expect(sumOf(Array(10).fill(0.1))).toBe(1)
    expect(sumOf([0.1, 0.2, 0.3, -0.6])).toBe(exactSum([0.1, 0.2, 0.3, -0.6]).sum)
  })

  it('of decimal amounts is the exact amount, whatever the chunks', () => {
    const random = new Random(20_260_101)
    const cents = Array.from({ length: 4000 }, () => random.below(2_000_000) - 1_000_000)
    const total = cents.reduce((sum, c) => sum + c, 0)
    for (const chunk of [1, 7, 512, 4000]) {
      const values = cents.map(c => c / 100)
      expect(sumOf(values, chunk)).toBe(total / 100)
    }
  })

  it('is within an ulp or so of the exact sum, and the error left is of second order', () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e150, max: 1e150 })
    fc.assert(
      fc.property(fc.array(value, { maxLength: 200 }), fc.integer({ min: 1, max: 50 }), (values, chunk) => {
        const { sum, magnitude } = exactSum(values)
        const bound = Math.abs(sum) * 2 ** -52 + magnitude * values.length ** 2 * 2 ** -104 + 5e-324
        expect(Math.abs(sumOf(values, chunk) - sum)).toBeLessThanOrEqual(bound)
      }),
    )
  })

  it('becomes infinite or NaN only as the plain sum does', () => {
    const inf = Number.POSITIVE_INFINITY
    expect(sumOf([1, inf, 2])).toBe(inf)
    expect(sumOf([-inf, 5], 1)).toBe(-inf)
    expect(sumOf([inf, -inf])).toBeNaN()
    expect(sumOf([inf, 1, -inf], 1)).toBeNaN()
    expect(sumOf([1, Number.NaN])).toBeNaN()
    expect(sumOf([1e308, 1e308])).toBe(inf)
    expect(sumOf([])).toBe(0)
  })
})

describe('avg of f64', () => {
  it('divides the compensated sum by the count', () => {
    const record = pair.put(Float64Array.of(4, 0, 0))
    const addr = pair.put(Uint32Array.of(record, record, record, record))
    const a = pair.put(Float64Array.of(1e100, 3, -1e100, 3))
    pair.call('accumulateSumF64', addr, 0, 0, 4, a, 0, 8)
    const out = pair.room(8)
    pair.call('finishAvgF64', addr, 1, 8, 0, out)
    expect(pair.f64(out, 1)).toEqual([1.5])
  })
})
