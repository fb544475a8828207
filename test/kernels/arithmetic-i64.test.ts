import { describe, expect, it } from 'vitest'
import type { KernelName } from '../../src/wasm/exports.ts'
import { Differential, forManyRuns } from './differential.ts'
import { AWKWARD_I64 } from './random.ts'

const lab = new Differential()

const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n
const fits = (value: bigint) => value >= MIN && value <= MAX

// Bigints of any size are the oracle: they never overflow.
const checked: [KernelName, (x: bigint, y: bigint) => bigint][] = [
  ['addI64ColCol', (x, y) => x + y],
  ['subI64ColCol', (x, y) => x - y],
  ['mulI64ColCol', (x, y) => x * y],
  ['divI64ColCol', (x, y) => (y === 0n ? 0n : x / y)],
]

const unchecked: [KernelName, (x: bigint, y: bigint) => bigint][] = [
  ['modI64ColCol', (x, y) => (y === 0n ? 0n : x % y)],
  ['minI64ColCol', (x, y) => (x < y ? x : y)],
  ['maxI64ColCol', (x, y) => (x < y ? y : x)],
]

describe('arithmetic over i64', () => {
  it.each(checked)('%s is exact up to the first row that overflows and has a value, and names it', (name, oracle) => {
    let overflowing = 0
    let passing = 0
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const tame = random.chance(0.5)
      const value = () => (tame && random.chance(0.98) ? BigInt(random.below(2001) - 1000) : random.i64())
      const left = random.many(n, value)
      const right = random.many(n, value)
      if (n > 0 && random.chance(0.4)) {
        // The one pair whose quotient has no place.
        const row = random.below(n)
        left[row] = MIN
        right[row] = -1n
      }
      const valid = random.chance(0.5) ? undefined : random.bits(n)
      const exact = left.map((x, i) => oracle(x, right[i]!))
      const expected = exact.findIndex((result, i) => !fits(result) && (valid?.[i] ?? true))
      const a = lab.i64(left)
      const b = lab.i64(right)
      const validity = valid === undefined ? 0 : lab.bits(valid)
      const out = random.chance(0.2) ? lab.writable('bytes', a, n * 8) : lab.output('bytes', n * 8, 8)
      expect(lab.call(name, a, b, n, validity, out)).toBe(expected)
      const written = expected < 0 ? n : expected
      expect(lab.readI64(out, written)).toEqual(exact.slice(0, written).map(result => BigInt.asIntN(64, result)))
      if (expected < 0) passing++
      else overflowing++
    }, 120)
    expect(Math.min(overflowing, passing)).toBeGreaterThan(10)
  })

  it.each(checked)('%s decides every pair of awkward numbers', (name, oracle) => {
    for (const x of AWKWARD_I64) {
      for (const y of AWKWARD_I64) {
        lab.begin(3)
        const a = lab.i64([x])
        const b = lab.i64([y])
        const out = lab.output('bytes', 8, 8)
        const exact = oracle(x, y)
        expect(lab.call(name, a, b, 1, 0, out), `${x} ${y}`).toBe(fits(exact) ? -1 : 0)
        if (fits(exact)) expect(lab.readI64(out, 1), `${x} ${y}`).toEqual([exact])
      }
    }
  })

  it.each(unchecked)('%s computes what bigints compute', (name, oracle) => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const left = random.many(n, () => random.i64())
      const right = random.many(n, () => random.i64())
      const a = lab.i64(left)
      const b = lab.i64(right)
      const out = random.chance(0.2) ? lab.writable('bytes', a, n * 8) : lab.output('bytes', n * 8, 8)
      lab.call(name, a, b, n, out)
      expect(lab.readI64(out, n)).toEqual(left.map((x, i) => oracle(x, right[i]!)))
    })
  })

  it('nonZeroI64 finds the rows that can divide', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const values = random.many(n, () => random.i64())
      const b = lab.i64(values)
      const bits = lab.bitsOutput(n)
      lab.call('nonZeroI64', b, n, bits)
      expect(lab.readBits(bits, n)).toEqual(values.map(value => value !== 0n))
    })
  })
})
