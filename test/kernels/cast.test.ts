import { describe, expect, it } from 'vitest'
import type { KernelName } from '../../src/wasm/exports.ts'
import { Differential, forManyRuns } from './differential.ts'
import { AWKWARD_F64, type Random } from './random.ts'

const lab = new Differential()

const anyF64 = (random: Random, n: number) => random.many(n, () => random.f64())
/** What a typed array makes of a value: the platform's own conversion. */
const converted = <T extends Float64Array | Float32Array>(into: T, values: readonly number[]): number[] => {
  into.set(values)
  return [...into]
}

const checkedCasts: [KernelName, number, bigint, bigint][] = [
  ['castF64I32', 4, -(2n ** 31n), 2n ** 31n - 1n],
  ['castF64U32', 4, 0n, 2n ** 32n - 1n],
  ['castF64I64', 8, -(2n ** 63n), 2n ** 63n - 1n],
]

describe('casts', () => {
  it('integers and bools become the f64 of the same value', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const signed = random.many(n, () => random.i32())
      const unsigned = signed.map(value => value >>> 0)
      const bools = random.bits(n)
      const out = lab.output('f64', n * 8, 8)
      lab.call('castI32F64', lab.i32(signed), n, out)
      expect(lab.readF64(out, n)).toEqual(signed)
      lab.call('castU32F64', lab.u32(unsigned), n, out)
      expect(lab.readF64(out, n)).toEqual(unsigned)
      lab.call('castBoolF64', lab.mask(bools), n, out)
      expect(lab.readF64(out, n)).toEqual(bools.map(Number))
    })
  })

  it('i64 rounds to the nearest f64, ties to even', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const values = random.many(n, () => random.i64())
      const out = lab.output('f64', n * 8, 8)
      lab.call('castI64F64', lab.i64(values), n, out)
      // The decimal text of an integer parses to the nearest f64.
      expect(lab.readF64(out, n)).toEqual(values.map(value => Number.parseFloat(value.toString())))
    })
  })

  it('f32 widens exactly and f64 rounds to the nearest f32', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const narrow = random.many(n, () => random.f32())
      const wide = anyF64(random, n)
      const out64 = lab.output('f64', n * 8, 8)
      const out32 = lab.output('f32', n * 4, 4)
      lab.call('castF32F64', lab.f32(narrow), n, out64)
      expect(lab.readF64(out64, n)).toEqual(converted(new Float64Array(n), narrow))
      lab.call('castF64F32', lab.f64(wide), n, out32)
      expect(lab.readF32(out32, n)).toEqual(converted(new Float32Array(n), wide))
    })
  })

  it('32-bit integers widen to i64', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const signed = random.many(n, () => random.i32())
      const out = lab.output('bytes', n * 8, 8)
      lab.call('castI32I64', lab.i32(signed), n, out)
      expect(lab.readI64(out, n)).toEqual(signed.map(BigInt))
      lab.call('castU32I64', lab.i32(signed), n, out)
      expect(lab.readI64(out, n)).toEqual(signed.map(value => BigInt(value >>> 0)))
    })
  })

  it.each(checkedCasts)('%s truncates, and gives 0 and a zero bit out of range', (name, size, least, greatest) => {
    const check = (values: readonly number[]) => {
      const n = values.length
      const a = lab.f64(values)
      const out = lab.output('bytes', n * size, size)
      const bits = lab.bitsOutput(n)
      lab.call(name, a, n, out, bits)
      // Bigints hold every finite truncated f64 exactly, so the range check of the oracle rounds nothing.
      const truncated = values.map(value => (Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined))
      const within = truncated.map(value => value !== undefined && value >= least && value <= greatest)
      expect(lab.readBits(bits, n)).toEqual(within)
      const read = size === 8 ? lab.readI64(out, n) : name === 'castF64U32' ? lab.readU32(out, n) : lab.readI32(out, n)
      expect(read.map(BigInt)).toEqual(truncated.map((value, i) => (within[i] ? value : 0n)))
    }
    lab.begin(13)
    check(AWKWARD_F64)
    for (const edge of [Number(least), Number(greatest)]) {
      lab.begin(13)
      check([edge - 1, edge - 0.9999, edge - 0.5, edge, edge + 0.5, edge + 0.9999, edge + 1, edge + 2048, edge - 2048])
    }
    forManyRuns((seed, n) => check(anyF64(lab.begin(seed), n)))
  })

  it('castF64Timestamp floors to a safe integer, and gives 0 and a zero bit where there is none', () => {
    const check = (values: readonly number[]) => {
      const n = values.length
      const a = lab.f64(values)
      const out = lab.output('f64', n * 8, 8)
      const bits = lab.bitsOutput(n)
      lab.call('castF64Timestamp', a, n, out, bits)
      const floored = values.map(Math.floor)
      const within = floored.map(Number.isSafeInteger)
      expect(lab.readBits(bits, n)).toEqual(within)
      expect(lab.readF64(out, n)).toEqual(floored.map((value, i) => (within[i] && value !== 0 ? value : 0)))
    }
    lab.begin(17)
    check([...AWKWARD_F64, 2 ** 53 - 1, 2 ** 53, -(2 ** 53) + 1, -(2 ** 53), -0.5, 1_700_000_000_000.75])
    forManyRuns((seed, n) => check(anyF64(lab.begin(seed), n)))
  })
})
