import fc from 'fast-check'
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
  topK,
} from '../../src/expression/choice-aggregates.ts'
import { approxDistinct, distinctCount, median, percentile } from '../../src/expression/distribution-aggregates.ts'
import { aggregateOf } from '../../src/expression/user-aggregate.ts'
import { pipeline } from '../../src/packaged.ts'
import { bool, f64, i32, i64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { cumulate, hopping, tumbling, type WindowSpec } from '../../src/time/windows.ts'
import type { Row } from '../plan/scalar-interpreter.ts'

/** Rows with a column of each kind that aggregates tell apart. */
export const events = schema({
  time: timestamp(),
  key: utf8(),
  x: f64().nullable(),
  n: i32(),
  l: i64().nullable(),
  p: bool().nullable(),
  t: utf8().nullable(),
})

const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? (a < 0n ? -a : a) : gcd(b, a % b))
/** Keeps a bigint, takes two values, and gives a value of a type. */
const divisor = aggregateOf({
  name: 'divisor',
  create: () => 0n,
  add: (kept, value: bigint, n: number) => gcd(kept, value * BigInt(n)),
  merge: gcd,
  result: kept => (kept === 0n ? null : kept),
  returns: i64().nullable(),
})
/** Keeps an object of its own, and gives an object. */
export const span = aggregateOf({
  name: 'span',
  create: () => ({ low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }),
  add(kept, value: number) {
    kept.low = Math.min(kept.low, value)
    kept.high = Math.max(kept.high, value)
    return kept
  },
  merge(kept, other) {
    kept.low = Math.min(kept.low, other.low)
    kept.high = Math.max(kept.high, other.high)
    return kept
  },
  result: ({ low, high }) => [low, high],
})

/** Every aggregate that can be put together from parts, over one window. */
export const planOver = (window: WindowSpec, outOfOrdernessMs: number) =>
  pipeline(events)
    .eventTime('time', { outOfOrdernessMs })
    .keyBy('key')
    .window(window as ReturnType<typeof hopping>)
    .aggregate(e => ({
      n: count(),
      texts: distinctCount(e.t),
      numbers: distinctCount(e.x),
      integers: distinctCount(e.n),
      longs: distinctCount(e.l),
      truths: distinctCount(e.p),
      about: approxDistinct(e.t),
      aboutNumbers: approxDistinct(e.x),
      aboutLongs: approxDistinct(e.l),
      middle: median(e.x),
      high: percentile(e.n, 0.9),
      low: percentile(e.l, 0.25),
      who: argMin(e.t, e.n),
      what: argMax(e.x, e.l),
      truest: argMax(e.p, e.time),
      all: boolAnd(e.p),
      any: boolOr(e.p),
      perSecond: rate(),
      sumPerSecond: rate(e.n),
      longsPerSecond: rate(e.l),
      change: delta(e.n),
      best: topK(e.x, 3),
      worst: bottomK(e.l, 2),
      latest: topK(e.time, 2),
      list: collect(e.t, { max: 5 }),
      truthList: collect(e.p),
      set: collectSet(e.x, { max: 3 }),
      divisor: divisor(e.l, e.n),
      span: span(e.n),
      recent: ema(e.n, { halfLife: 20 }),
      rough: percentile(e.n, 0.5, { relativeError: 0.02 }),
    })).plan

/** Rows whose times wander, with awkward values among others. */
export const rows = fc
  .array(
    fc.record({
      step: fc.oneof(
        { weight: 12, arbitrary: fc.integer({ min: -4, max: 8 }) },
        { weight: 2, arbitrary: fc.integer({ min: -40, max: 20 }) },
        { weight: 1, arbitrary: fc.integer({ min: 100, max: 300 }) },
      ),
      key: fc.constantFrom('a', 'b', 'c'),
      x: fc.constantFrom(null, 0, -0, 1.5, -2, Number.NaN, Number.POSITIVE_INFINITY, 7),
      n: fc.integer({ min: 1, max: 9 }),
      l: fc.constantFrom(null, 0n, 4n, -6n, 2n ** 53n + 1n),
      p: fc.constantFrom(null, true, false),
      t: fc.constantFrom(null, 'x', 'y', 'z', 'zz', ''),
    }),
    { maxLength: 100, size: 'max' },
  )
  .map(given => {
    let time = -60
    return given.map(({ step, ...row }): Row => {
      time += step
      return { time, ...row }
    })
  })

const lateness = fc.record(
  {
    allowedLateness: fc.constantFrom(0, 20, 60),
    firing: fc.constantFrom('accumulating', 'discarding', 'retracting'),
  },
  { requiredKeys: [] },
)
export const windows = fc
  .tuple(fc.constantFrom('tumbling', 'hopping', 'cumulate'), fc.integer({ min: 1, max: 30 }), lateness)
  .map(([kind, size, late]): WindowSpec => {
    const options = late as Record<string, never>
    if (kind === 'tumbling') return tumbling(size, options)
    return kind === 'hopping' ? hopping(size, Math.ceil(size / 3), options) : cumulate(size, size * 3, options)
  })
