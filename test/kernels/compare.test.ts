import { describe, expect, it } from 'vitest'
import type { KernelName } from '../../src/wasm/exports.ts'
import { Differential, forManyRuns } from './differential.ts'
import { AWKWARD_F64, type Random } from './random.ts'

const lab = new Differential()

const colCol: [KernelName, (x: number, y: number) => boolean][] = [
  ['eqF64ColCol', (x, y) => x === y],
  ['neF64ColCol', (x, y) => x !== y],
  ['ltF64ColCol', (x, y) => x < y],
  ['leF64ColCol', (x, y) => x <= y],
]

const colConst: [KernelName, (x: number, k: number) => boolean][] = [
  ['eqF64ColConst', (x, k) => x === k],
  ['neF64ColConst', (x, k) => x !== k],
  ['ltF64ColConst', (x, k) => x < k],
  ['leF64ColConst', (x, k) => x <= k],
  ['gtF64ColConst', (x, k) => x > k],
  ['geF64ColConst', (x, k) => x >= k],
]

const i64ColCol: [KernelName, (x: bigint, y: bigint) => boolean][] = [
  ['eqI64ColCol', (x, y) => x === y],
  ['neI64ColCol', (x, y) => x !== y],
  ['ltI64ColCol', (x, y) => x < y],
  ['leI64ColCol', (x, y) => x <= y],
]

/** The other side of a comparison: often the same value, so that equality is met. */
const rival = <T>(random: Random, value: T, make: () => T): T => (random.chance(0.3) ? value : make())

describe('comparisons', () => {
  it.each(colCol)('%s follows IEEE: NaN is unequal to all and in no order', (name, oracle) => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const left = random.many(n, () => random.f64())
      const right = left.map(value => rival(random, value, () => random.f64()))
      const a = lab.f64(left)
      const b = lab.f64(right)
      const out = lab.output('bytes', n, 1)
      lab.call(name, a, b, n, out)
      expect(lab.readMask(out, n)).toEqual(left.map((x, i) => oracle(x, right[i]!)))
    })
  })

  it.each(colConst)('%s compares a column with a constant', (name, oracle) => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const k = random.f64()
      const values = random.many(n, () => rival(random, k, () => random.f64()))
      const a = lab.f64(values)
      const out = lab.output('bytes', n, 1)
      lab.call(name, a, k, n, out)
      expect(lab.readMask(out, n)).toEqual(values.map(x => oracle(x, k)))
    })
  })

  it('every pair of awkward numbers compares as in JavaScript', () => {
    for (const k of AWKWARD_F64) {
      lab.begin(11)
      const a = lab.f64(AWKWARD_F64)
      const out = lab.output('bytes', AWKWARD_F64.length, 1)
      for (const [name, oracle] of colConst) {
        lab.call(name, a, k, AWKWARD_F64.length, out)
        expect(lab.readMask(out, AWKWARD_F64.length), `${name} ${k}`).toEqual(AWKWARD_F64.map(x => oracle(x, k)))
      }
    }
  })

  it.each(i64ColCol)('%s compares whole 64 bits, signed', (name, oracle) => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const left = random.many(n, () => random.i64())
      const right = left.map(value => rival(random, value, () => random.i64()))
      const a = lab.i64(left)
      const b = lab.i64(right)
      const out = lab.output('bytes', n, 1)
      lab.call(name, a, b, n, out)
      expect(lab.readMask(out, n)).toEqual(left.map((x, i) => oracle(x, right[i]!)))
    })
  })

  it('eqI32ColCol compares codes', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const left = random.many(n, () => random.i32())
      const right = left.map(value => rival(random, value, () => random.i32()))
      const a = lab.i32(left)
      const b = lab.i32(right)
      const out = lab.output('bytes', n, 1)
      lab.call('eqI32ColCol', a, b, n, out)
      expect(lab.readMask(out, n)).toEqual(left.map((x, i) => x === right[i]))
    })
  })

  it('inF64 finds the values of a list, and NaN in none', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const list = random.many(random.below(9), () => random.f64())
      const values = random.many(n, () => (list.length > 0 && random.chance(0.4) ? random.pick(list) : random.f64()))
      const a = lab.f64(values)
      const at = lab.f64(list)
      const out = lab.output('bytes', n, 1)
      lab.call('inF64', a, n, at, list.length, out)
      expect(lab.readMask(out, n)).toEqual(values.map(value => list.indexOf(value) >= 0))
    })
  })

  it('inI64 finds the values of a list', () => {
    forManyRuns((seed, n) => {
      const random = lab.begin(seed)
      const list = random.many(random.below(9), () => random.i64())
      const values = random.many(n, () => (list.length > 0 && random.chance(0.4) ? random.pick(list) : random.i64()))
      const a = lab.i64(values)
      const at = lab.i64(list)
      const out = lab.output('bytes', n, 1)
      lab.call('inI64', a, n, at, list.length, out)
      expect(lab.readMask(out, n)).toEqual(values.map(value => list.includes(value)))
    })
  })
})
