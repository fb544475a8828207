import { describe, expect, expectTypeOf, it } from 'vitest'
import { count } from '../../src/expression/aggregates.ts'
import { delta, ema, rate } from '../../src/expression/change-aggregates.ts'
import {
  argMax,
  argMin,
  boolAnd,
  boolOr,
  bottomK,
  collect,
  collectSet,
  maxForever,
  minForever,
  topK,
} from '../../src/expression/choice-aggregates.ts'
import { approxDistinct, distinctCount, median, percentile } from '../../src/expression/distribution-aggregates.ts'
import { aggregateOf } from '../../src/expression/user-aggregate.ts'
import { pipeline } from '../../src/packaged.ts'
import { bool, f64, i32, i64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import type { ResultRow } from '../../src/schema/row-types.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'

const trades = schema({
  time: timestamp(),
  symbol: utf8(),
  price: f64(),
  size: i32(),
  id: i64(),
  open: bool(),
  fee: f64().nullable(),
  note: utf8().nullable(),
})
const windowed = pipeline(trades).eventTime('time').keyBy('symbol').window(tumbling('1m'))

/** Compiles, and is never called: what stands in it is checked by the type checker alone. */
const typesOnly = (_: () => unknown) => expect(_).toBeTypeOf('function')

const weighted = aggregateOf({
  create: () => ({ total: 0, weight: 0 }),
  add(kept, price: number, size: number) {
    expectTypeOf(kept).toEqualTypeOf<{ total: number; weight: number }>()
    return { total: kept.total + price * size, weight: kept.weight + size }
  },
  result: kept => kept.total / kept.weight,
  returns: f64(),
})
const words = aggregateOf({
  create: () => new Map<string, bigint>(),
  add: (kept, word: string, id: bigint) => kept.set(word, id),
  result: kept => [...kept],
})

describe('the types of aggregates', () => {
  it('are those of their values where they choose, numbers where they count, arrays where they collect', () => {
    const results = windowed.aggregate(e => ({
      different: distinctCount(e.note),
      about: approxDistinct(e.id),
      middle: median(e.price),
      feeMiddle: percentile(e.fee, 0.9, { relativeError: 0.01 }),
      cheapest: argMin(e.symbol, e.price),
      noted: argMax(e.note, e.price),
      byFee: argMax(e.id, e.fee),
      allOpen: boolAnd(e.open),
      anyCheap: boolOr(e.price.lt(1)),
      perSecond: rate(),
      feesPerSecond: rate(e.fee),
      change: delta(e.price),
      idChange: delta(e.id),
      feeChange: delta(e.fee),
      took: delta(e.time),
      recent: ema(e.price, { halfLife: '10s' }),
      lowest: minForever(e.id),
      latest: maxForever(e.time),
      best: topK(e.price, 3),
      worst: bottomK(e.id, 3),
      notes: collect(e.note),
      opens: collectSet(e.open, { max: 2 }),
      weighted: weighted(e.price, e.size),
      words: words(e.symbol, e.id),
    }))
    expectTypeOf<ResultRow<typeof results.outputSchema>>().toEqualTypeOf<{
      readonly windowStart: number
      readonly windowEnd: number
      readonly symbol: string
      readonly different: number
      readonly about: number
      readonly middle: number
      readonly feeMiddle: number | null
      readonly cheapest: string
      readonly noted: string | null
      readonly byFee: bigint | null
      readonly allOpen: boolean
      readonly anyCheap: boolean
      readonly perSecond: number
      readonly feesPerSecond: number | null
      readonly change: number
      readonly idChange: bigint
      readonly feeChange: number | null
      readonly took: number
      readonly recent: number
      readonly lowest: bigint
      readonly latest: number
      readonly best: readonly number[]
      readonly worst: readonly bigint[]
      readonly notes: readonly string[]
      readonly opens: readonly boolean[]
      readonly weighted: number
      readonly words: [string, bigint][]
    }>()
    const { types } = results.outputSchema
    expect([types.best.name, types.words.name, types.weighted.name, types.took.name]).toEqual([
      'object',
      'object',
      'f64',
      'f64',
    ])
    const further = results.filter(r => r.weighted.gt(1)).project(r => ({ best: r.best, some: r.words.isNotNull() }))
    expectTypeOf<ResultRow<typeof further.outputSchema>>().toEqualTypeOf<{
      readonly best: readonly number[]
      readonly some: boolean
    }>()
  })

  it('refuse values of another kind', () => {
    typesOnly(() =>
      windowed.aggregate(e => ({
        n: count(),
        // @ts-expect-error text has no order
        a: argMin(e.price, e.symbol),
        // @ts-expect-error text has no middle
        b: median(e.symbol),
        // @ts-expect-error a condition, not a number
        c: boolAnd(e.price),
        // @ts-expect-error text has no order
        d: topK(e.symbol, 3),
        // @ts-expect-error how many there may be is a number
        e: topK(e.price, '3'),
        // @ts-expect-error either a half-life or an alpha
        f: ema(e.price, {}),
        // @ts-expect-error a share of text
        g: weighted(e.symbol, e.size),
        // @ts-expect-error a value is missing
        h: weighted(e.price),
        // @ts-expect-error nothing is computed with an array
        i: topK(e.price, 3).add(1),
        // @ts-expect-error text is no type to return
        j: aggregateOf({ create: () => '', add: x => x, result: x => x, returns: utf8() })(),
      })),
    )
  })
})

describe('aggregates', () => {
  it('refuse at once what is out of range, and what is no expression', () => {
    const build = (make: (e: Parameters<Parameters<typeof windowed.aggregate>[0]>[0]) => unknown) => () =>
      windowed.aggregate(e => ({ x: make(e) as ReturnType<typeof rate> }))
    for (const wrong of [
      build(e => percentile(e.price, 1.5)),
      build(e => percentile(e.price, Number.NaN)),
      build(e => percentile(e.price, 0.5, { relativeError: 0 })),
      build(e => percentile(e.price, 0.5, null as never)),
      build(e => topK(e.price, 0)),
      build(e => bottomK(e.price, 2.5)),
      build(e => collect(e.price, { max: 1e9 })),
      build(e => collectSet(e.price, { max: -1 })),
      build(e => ema(e.price, { alpha: 0 })),
      build(e => ema(e.price, { halfLife: 0 })),
      build(e => ema(e.price, null as never)),
      build(() => distinctCount('x' as never)),
      build(e => argMin(e.price, 1 as never)),
      build(e => weighted(e.price, 3 as never)),
      () => aggregateOf(null as never),
      () => aggregateOf({ create: () => 0, add: () => 0 } as never),
      () => aggregateOf({ create: () => 0, add: () => 0, result: () => 0, merge: 1 } as never),
      () => aggregateOf({ create: () => 0, add: () => 0, result: () => 0, returns: utf8() } as never),
      () => aggregateOf({ create: () => 0, add: () => 0, result: () => 0, name: 7 } as never),
    ])
      expect(wrong).toThrow(expect.objectContaining({ name: 'EventfluxError' }))
  })
})
