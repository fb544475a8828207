import { describe, expect, it } from 'vitest'
import type { KernelName } from '../../src/wasm/exports.ts'
import { Differential, forManyRuns } from './differential.ts'
import { AWKWARD_F64, type Random } from './random.ts'

const lab = new Differential()

const number = (x: number, y: number, pick: (x: number, y: number) => number) =>
  Number.isNaN(x) ? y : Number.isNaN(y) ? x : pick(x, y)

const verbs = {
  add: (x: number, y: number) => x + y,
  sub: (x: number, y: number) => x - y,
  mul: (x: number, y: number) => x * y,
  div: (x: number, y: number) => x / y,
  mod: (x: number, y: number) => x % y,
  min: (x: number, y: number) => number(x, y, Math.min),
  max: (x: number, y: number) => number(x, y, Math.max),
}

const colCol: [KernelName, (x: number, y: number) => number][] = [
  ['addF64ColCol', verbs.add],
  ['subF64ColCol', verbs.sub],
  ['mulF64ColCol', verbs.mul],
  ['divF64ColCol', verbs.div],
  ['modF64ColCol', verbs.mod],
  ['minF64ColCol', verbs.min],
  ['maxF64ColCol', verbs.max],
]

const colConst: [KernelName, (x: number, k: number) => number][] = [
  ['addF64ColConst', verbs.add],
  ['subF64ColConst', verbs.sub],
  ['mulF64ColConst', verbs.mul],
  ['divF64ColConst', verbs.div],
  ['modF64ColConst', verbs.mod],
  ['minF64ColConst', verbs.min],
  ['maxF64ColConst', verbs.max],
  ['floorDivF64ColConst', (x, k) => Math.floor(x / k)],
  ['floorModF64ColConst', (x, k) => x - k * Math.floor(x / k)],
]

const constCol: [KernelName, (k: number, x: number) => number][] = [
  ['subF64ConstCol', verbs.sub],
  ['divF64ConstCol', verbs.div],
  ['modF64ConstCol', verbs.mod],
]

const columns: [KernelName, (x: number) => number][] = [
  ['negF64', x => -x],
  ['absF64', Math.abs],
  ['floorF64', Math.floor],
  ['ceilF64', Math.ceil],
  // Math.round takes halves up; of the magnitude, that's away from zero.
  ['roundF64', x => (x < 0 || Object.is(x, -0) ? -Math.round(-x) : Math.round(x))],
  ['sqrtF64', Math.sqrt],
]

/** Mostly any values; at times only whole ones, so that whole vectors take the short cuts of `%`. */
function valuesOf(random: Random, n: number): number[] {
  const whole = random.chance(0.4)
  return random.many(n, () => (whole ? random.below(2 ** 31) - 2 ** 30 : random.f64()))
}

describe('arithmetic over f64', () => {
  it.each(colCol)('%s computes what JavaScript computes, row by row', (name, oracle) => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const left = valuesOf(random, n)
      const right = valuesOf(random, n)
      const a = lab.f64(left)
      const b = lab.f64(right)
      const out = random.chance(0.3) ? lab.writable('f64', random.pick([a, b]), n * 8) : lab.output('f64', n * 8, 8)
      lab.call(name, a, b, n, out)
      expect(lab.readF64(out, n)).toEqual(left.map((x, i) => oracle(x, right[i]!)))
    })
  })

  it.each(colConst)('%s takes a constant on the right', (name, oracle) => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const k = random.f64()
      const values = valuesOf(random, n)
      const a = lab.f64(values)
      const out = random.chance(0.2) ? lab.writable('f64', a, n * 8) : lab.output('f64', n * 8, 8)
      lab.call(name, a, k, n, out)
      expect(lab.readF64(out, n)).toEqual(values.map(x => oracle(x, k)))
    }, 120)
  })

  it('mulAddF64ColConstCol rounds the product, and then the sum', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const k = random.chance(0.5) ? random.f64() : random.u32() / 7
      const left = valuesOf(random, n)
      const right = left.map(x => (random.chance(0.5) ? random.f64() : -x * k))
      const a = lab.f64(left)
      const b = lab.f64(right)
      const out = random.chance(0.3) ? lab.writable('f64', random.pick([a, b]), n * 8) : lab.output('f64', n * 8, 8)
      lab.call('mulAddF64ColConstCol', a, k, b, n, out)
      expect(lab.readF64(out, n)).toEqual(left.map((x, i) => x * k + right[i]!))
    })
  })

  it.each(constCol)('%s takes a constant on the left', (name, oracle) => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const k = random.f64()
      const values = valuesOf(random, n)
      const b = lab.f64(values)
      const out = random.chance(0.2) ? lab.writable('f64', b, n * 8) : lab.output('f64', n * 8, 8)
      lab.call(name, k, b, n, out)
      expect(lab.readF64(out, n)).toEqual(values.map(x => oracle(k, x)))
    }, 120)
  })

  it.each(columns)('%s computes what JavaScript computes', (name, oracle) => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const values = valuesOf(random, n)
      const a = lab.f64(values)
      const out = random.chance(0.2) ? lab.writable('f64', a, n * 8) : lab.output('f64', n * 8, 8)
      lab.call(name, a, n, out)
      expect(lab.readF64(out, n)).toEqual(values.map(oracle))
    })
  })

  it('every pair of awkward numbers has its remainder, its lesser and its greater number', () => {
    for (const k of AWKWARD_F64) {
      lab.begin(7)
      const n = AWKWARD_F64.length
      const a = lab.f64(AWKWARD_F64)
      const out = lab.output('f64', n * 8, 8)
      for (const [name, oracle] of colConst) {
        lab.call(name, a, k, n, out)
        expect(lab.readF64(out, n), `${name} ${k}`).toEqual(AWKWARD_F64.map(x => oracle(x, k)))
      }
    }
  })

  it('remainders of fractions are exact, whatever the size of the quotient', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const magnitude = () => (random.u32() / 2 ** 32 + random.u32() / 2 ** 64) * 2 ** (random.below(64) - 8)
      const divisors = random.many(n, () => magnitude() + 2 ** -40)
      // Some dividends are the nearest numbers to a multiple: there a rounded quotient is easily one too many.
      const dividends = divisors.map(divisor => {
        const near = divisor * random.below(1_000_000)
        const step = near * 2 ** -52 * (random.below(3) - 1)
        return (random.chance(0.5) ? near + step : magnitude()) * (random.chance(0.5) ? -1 : 1)
      })
      const a = lab.f64(dividends)
      const b = lab.f64(divisors)
      const out = lab.output('f64', n * 8, 8)
      lab.call('modF64ColCol', a, b, n, out)
      expect(lab.readF64(out, n)).toEqual(dividends.map((x, i) => x % divisors[i]!))
    }, 300)
  })

  it('remainders by a whole constant are exact, also where its reciprocal stops to do', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const large = () => random.u32() * 2 ** random.below(21) + random.u32()
      const k = random.pick([1, 2, 3, 7, 1_000, 86_400_000, 2 ** 50 - 1, 2 ** 50, 2 ** 50 + 1, 1 + large()])
      const spoilt = random.chance(0.4)
      const dividends = random.many(n, () => {
        if (spoilt && random.chance(0.05)) return random.pick([-0, Number.NaN, Number.POSITIVE_INFINITY, -3.5, 2 ** 52])
        // At halves and at wholes of the divisor the quotient is rounded to either side, and just beside them.
        const near = (random.below(Math.min(2 ** 51 / k, 2 ** 40) + 1) + random.below(2) / 2) * k
        const beside = near + Math.max(near * 2 ** -52, Number.MIN_VALUE) * (random.below(5) - 2)
        return Math.abs(
          random.pick([near, beside, near + random.below(3) - 1, large(), large() / 2 ** 40, 2 ** 51 - 1]),
        )
      })
      const a = lab.f64(dividends)
      const out = random.chance(0.2) ? lab.writable('f64', a, n * 8) : lab.output('f64', n * 8, 8)
      const divisor = random.chance(0.2) ? -k : k
      lab.call('modF64ColConst', a, divisor, n, out)
      expect(lab.readF64(out, n)).toEqual(dividends.map(x => x % divisor))
    }, 400)
  })

  it('round takes halves away from zero and nothing below a half up', () => {
    const values = [
      0.5,
      -0.5,
      1.5,
      -2.5,
      0.49999999999999994,
      -0.49999999999999994,
      4503599627370495.5,
      2 ** 53 - 1,
      -0,
    ]
    lab.begin(1)
    const a = lab.f64(values)
    const out = lab.output('f64', values.length * 8, 8)
    lab.call('roundF64', a, values.length, out)
    expect(lab.readF64(out, values.length)).toEqual([1, -1, 2, -3, 0, -0, 4503599627370496, 2 ** 53 - 1, -0])
  })

  it('floor division and its remainder are exact on both sides of every multiple, up to the largest safe times', () => {
    // Bigint division is the oracle: it rounds nothing.
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const size = random.pick([1, 2, 3, 7, 1000, 60_000, 3_600_000, 86_400_000, 2 ** 31, 1 + random.u32()])
      const largest = Math.floor(Number.MAX_SAFE_INTEGER / size)
      const values = random.many(n, () => {
        const multiple = Math.floor((random.u32() / 2 ** 32 - 0.5) * 2 * largest) * size
        return Math.max(Math.min(multiple + random.below(3) - 1, Number.MAX_SAFE_INTEGER), Number.MIN_SAFE_INTEGER)
      })
      const floored = values.map(value => {
        const quotient = BigInt(value) / BigInt(size)
        return BigInt(value) < quotient * BigInt(size) ? quotient - 1n : quotient
      })
      const a = lab.f64(values)
      const quotients = lab.output('f64', n * 8, 8)
      const rests = lab.output('f64', n * 8, 8)
      lab.call('floorDivF64ColConst', a, size, n, quotients)
      lab.call('floorModF64ColConst', a, size, n, rests)
      const zeroless = (value: number) => value + 0
      expect(lab.readF64(quotients, n).map(zeroless)).toEqual(floored.map(Number))
      expect(lab.readF64(rests, n)).toEqual(
        values.map((value, i) => Number(BigInt(value) - floored[i]! * BigInt(size))),
      )
    })
  })

  it('floorToF64 finds the exact beginning of an interval at every safe time, or the least safe integer', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const size = random.pick([1, 7, 1000, 86_400_000, 1 + random.u32(), Number.MAX_SAFE_INTEGER])
      const offset = random.pick([0, size - 1, Math.floor((random.u32() / 2 ** 32) * size)])
      const least = Number.MIN_SAFE_INTEGER
      const values = random.many(n, () => {
        const near = random.pick([
          least,
          0,
          offset,
          offset - size,
          Number.MAX_SAFE_INTEGER,
          (random.u32() - 2 ** 31) * 2 ** 21,
        ])
        return Math.max(Math.min(near + random.below(5) - 2, Number.MAX_SAFE_INTEGER), least)
      })
      const starts = values.map(value => {
        const past = BigInt.asIntN(64, BigInt(value) - BigInt(offset)) % BigInt(size)
        const start = Number(BigInt(value) - (past < 0n ? past + BigInt(size) : past))
        return Math.max(start, least)
      })
      const time = lab.f64(values)
      const out = lab.output('f64', n * 8, 8)
      lab.call('floorToF64', time, size, offset, n, out)
      expect(lab.readF64(out, n)).toEqual(starts)
    })
  })

  it('nonZeroF64 finds the rows that can divide', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const values = random.many(n, () => (random.chance(0.3) ? random.pick([0, -0]) : random.f64()))
      const b = lab.f64(values)
      const bits = lab.bitsOutput(n)
      lab.call('nonZeroF64', b, n, bits)
      expect(lab.readBits(bits, n)).toEqual(values.map(value => value !== 0))
    })
  })
})
