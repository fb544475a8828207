import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AggregateName } from '../../../src/expression/node.ts'
import { aggregateMaker } from '../../../src/operators/row-window/aggregates/make-aggregate.ts'
import { SlidingExtreme } from '../../../src/operators/row-window/aggregates/sliding-extreme.ts'
import { typeOf } from '../../../src/schema/data-type.ts'
import { sumOf } from './aggregate-models.ts'

const maker = (fn: AggregateName, removal: 'fifo' | 'any', type: 'f64' | 'i64' = 'f64') =>
  aggregateMaker(
    {
      fn,
      column: 0,
      input: typeOf(type, false),
      output: typeOf(type, true),
      others: [],
      parameters: [0.5],
      definition: undefined,
    },
    removal,
  )

const NAMES: readonly AggregateName[] = [
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'first',
  'last',
  'variance',
  'varianceSample',
  'stdDev',
  'stdDevSample',
  'distinctCount',
  'percentile',
  'emaAlpha',
]
const anyNumber = fc.oneof(
  fc.double(),
  fc.constantFrom(
    0,
    -0,
    1e308,
    -1e308,
    5e-324,
    0.1,
    1e16,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ),
)

describe.each(NAMES)('%s', fn => {
  it('is, after values have come and gone, what it was to the last bit', () => {
    fc.assert(
      fc.property(fc.array(anyNumber), fc.array(anyNumber), fc.infiniteStream(fc.nat()), (kept, passing, picks) => {
        const [plain, used] = [maker(fn, 'any')(), maker(fn, 'any')()]
        kept.forEach((value, seq) => {
          plain.add(value, seq)
          used.add(value, seq)
        })
        const inside = passing.map((value, i) => ({ value, seq: kept.length + i }))
        for (const { value, seq } of inside) used.add(value, seq)
        while (inside.length > 0) {
          const [gone] = inside.splice(picks.next().value % inside.length, 1)
          used.remove(gone!.value, gone!.seq)
        }
        expect(used.value()).toBe(plain.value())
      }),
    )
  })

  it('forgets the oldest as if they had never been', () => {
    fc.assert(
      fc.property(fc.array(anyNumber, { maxLength: 200 }), fc.nat(), (values, most) => {
        const gone = Math.min(most, values.length)
        const [plain, used] = [maker(fn, 'fifo')(), maker(fn, 'fifo')()]
        values.forEach((value, seq) => {
          used.add(value, seq)
          if (seq >= gone) plain.add(value, seq)
        })
        for (let seq = 0; seq < gone; seq++) used.remove(values[seq], seq)
        expect(used.value()).toBe(plain.value())
      }),
    )
  })
})

describe('sum', () => {
  it('is exact, rounded once, also where sums on the way leave f64', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.double({ noNaN: true, noDefaultInfinity: true, max: 1e280, min: -1e280 }),
            fc.constantFrom(1e16, 0.1, -1e16, 3),
          ),
        ),
        values => {
          const sum = maker('sum', 'any')()
          for (const [seq, value] of values.entries()) sum.add(value, seq)
          expect(sum.value()).toBe(values.length === 0 ? null : sumOf(values) + 0)
        },
      ),
    )
    const sum = maker('sum', 'any')()
    for (const value of [1e308, 1e308, 1e308, -1e308, -1e308]) sum.add(value, 0)
    expect(sum.value()).toBe(1e308)
  })

  it('of i64 values is exact beyond the type, until it is asked for', () => {
    const sum = maker('sum', 'fifo', 'i64')()
    const most = 2n ** 63n - 1n
    sum.add(most, 0)
    sum.add(1n, 1)
    expect(() => sum.value()).toThrow(expect.objectContaining({ code: 'OVERFLOW' }))
    sum.remove(1n, 1)
    expect(sum.value()).toBe(most)
    sum.remove(most, 0)
    expect(sum.value()).toBe(null)
  })
})

describe('the spread', () => {
  it('of equal values is 0, also of some whose mean is not a number of f64', () => {
    for (const fn of ['stdDev', 'variance', 'stdDevSample', 'varianceSample'] as const) {
      const spread = maker(fn, 'any')()
      for (let i = 0; i < 3; i++) spread.add(0.1, i)
      expect(spread.value()).toBe(0)
    }
  })

  it('of values far from 0 keeps its digits, also after larger ones have left', () => {
    const spread = maker('stdDev', 'any')()
    spread.add(1e100, 0)
    for (let i = 0; i < 1_001; i++) spread.add(1e9 + (i % 2 === 0 ? 0.25 : -0.25), i + 1)
    spread.remove(1e100, 0)
    // 501 values of 0.25 and 500 of -0.25, by hand: the mean is 0.25 / 1001.
    expect(spread.value()).toBeCloseTo(Math.sqrt(0.0625 - (0.25 / 1_001) ** 2), 14)
  })
})

describe('the least of values that leave in order', () => {
  const ORDERS = {
    rising: (i: number) => i,
    falling: (i: number) => -i,
    'up and down': (i: number) => Math.abs((i % 2_000) - 1_000),
    scattered: (i: number) => Math.imul(i, 2_654_435_761) >>> 0,
  }

  it.each(Object.entries(ORDERS))('takes two comparisons a value at most, however many there are: %s', (_, valueAt) => {
    const VALUES = 20_000
    for (const length of [10, 1_000, 10_000]) {
      let comparisons = 0
      const least = new SlidingExtreme((a, b) => {
        comparisons++
        return (a as number) < (b as number)
      })
      for (let seq = 0; seq < VALUES; seq++) {
        least.add(valueAt(seq), seq)
        if (seq >= length) least.remove(valueAt(seq - length), seq - length)
      }
      const held = Array.from({ length }, (_, i) => valueAt(VALUES - length + i))
      expect(least.value()).toBe(Math.min(...held))
      expect(comparisons).toBeLessThanOrEqual(2 * VALUES)
    }
  })
})

describe('what leaves in any order', () => {
  it('takes no more room than what is there', () => {
    // The first and the last value stay while 100,000 come and go between them.
    for (const fn of ['first', 'last', 'min', 'max'] as const) {
      const aggregate = maker(fn, 'any')()
      aggregate.add(0, 0)
      for (let seq = 1; seq < 100_000; seq += 2) {
        aggregate.add(seq, seq)
        aggregate.add(-seq, seq + 1)
        aggregate.remove(seq, seq)
        aggregate.remove(-seq, seq + 1)
      }
      expect(aggregate.value()).toBe(0)
    }
  })
})
