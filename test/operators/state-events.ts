import {
  avg,
  count,
  countIf,
  first,
  last,
  max,
  min,
  stdDev,
  stdDevSample,
  sum,
  variance,
  varianceSample,
} from '../../src/expression/aggregates.ts'
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
import type { Columns } from '../../src/expression/columns.ts'
import { approxDistinct, distinctCount, median, percentile } from '../../src/expression/distribution-aggregates.ts'
import { aggregateOf } from '../../src/expression/user-aggregate.ts'
import type { Schema } from '../../src/schema/schema.ts'
import { partOf } from '../bounded.ts'
import { events } from '../pipelines/aggregate-events.ts'

export { events }

/** A row with a column of each kind that states tell apart. */
export interface Event {
  readonly time: number
  readonly key: string
  readonly x: number | null
  readonly n: number
  readonly l: bigint | null
  readonly p: boolean | null
  readonly t: string | null
}
type EventColumns = typeof events extends Schema<infer F> ? Columns<F> : never

/** Keeps a map, a set, a bigint, a date and an array of numbers, and takes values out again where windows ask for it. */
const kept = aggregateOf({
  name: 'kept',
  create: () => ({
    counts: new Map<number, number>(),
    seen: new Set<string>(),
    product: 1n,
    since: new Date(0),
    sums: new Float64Array(2),
  }),
  add(state, value: number) {
    state.counts.set(value, (state.counts.get(value) ?? 0) + 1)
    state.seen.add(`#${value}`)
    state.product = (state.product * BigInt(value + 2)) % 1_000_007n
    state.since = new Date(state.since.getTime() + value)
    state.sums[value % 2]! += value
    return state
  },
  merge(state, other) {
    for (const [value, more] of other.counts) state.counts.set(value, (state.counts.get(value) ?? 0) + more)
    for (const each of other.seen) state.seen.add(each)
    state.product = (state.product * other.product) % 1_000_007n
    state.since = new Date(state.since.getTime() + other.since.getTime())
    for (let i = 0; i < 2; i++) state.sums[i]! += other.sums[i]!
    return state
  },
  result: ({ counts, seen, product, since, sums }) =>
    `${[...counts].sort().join(' ')} ${[...seen].sort().join(' ')} ${product} ${since.getTime()} ${sums.join(' ')}`,
})

/** Those that go by the order of rows alone, and those that any window takes. */
export const aggregates = (e: EventColumns) => ({
  rows: count(),
  some: count(e.x),
  high: countIf(e.n.gt(4)),
  total: sum(e.x),
  totalLong: sum(e.l),
  mean: avg(e.x),
  least: min(e.x),
  most: max(e.n),
  leastLong: min(e.l),
  mostLong: max(e.l),
  firstText: first(e.t),
  lastText: last(e.t),
  firstNumber: first(e.x),
  lastTruth: last(e.p),
  spread: variance(e.n),
  spreadSample: varianceSample(e.x),
  deviation: stdDev(e.n),
  deviationSample: stdDevSample(e.n),
  texts: distinctCount(e.t),
  numbers: distinctCount(e.x),
  longs: distinctCount(e.l),
  integers: distinctCount(e.n),
  about: approxDistinct(e.t),
  aboutNumbers: approxDistinct(e.x),
  middle: median(e.x),
  ninth: percentile(e.n, 0.9),
  who: argMin(e.t, e.n),
  what: argMax(e.x, e.l),
  all: boolAnd(e.p),
  any: boolOr(e.p),
  change: delta(e.n),
  best: topK(e.n, 3),
  worst: bottomK(e.l, 2),
  list: collect(e.t, { max: 5 }),
  set: collectSet(e.x, { max: 3 }),
  leastEver: minForever(e.x),
  mostEver: maxForever(e.l),
  kept: kept(e.n),
})

/** Those whose results can be taken back. */
export const takenBack = (e: EventColumns) => {
  const { leastEver: _, mostEver: __, ...rest } = timedAggregates(e)
  return rest
}

/** Those that need the time of the rows, or are approximate. */
export const timedAggregates = (e: EventColumns) => ({
  ...aggregates(e),
  perSecond: rate(),
  sumPerSecond: rate(e.n),
  recent: ema(e.n, { halfLife: 20 }),
  rough: percentile(e.n, 0.5, { relativeError: 0.02 }),
})

/** In the short form a third of the aggregates: three windows one behind the other see all of them. */
export const someOf = <A extends object>(all: A, turn: number): A =>
  Object.fromEntries(partOf(turn, 3, Object.entries(all))) as A

/** Each by its name, with the number of its turn. */
export const inTurns = <T>(named: Readonly<Record<string, T>>): (readonly [name: string, each: T, turn: number])[] =>
  Object.entries(named).map(([name, each], turn) => [name, each, turn])

const pick = <T>(values: readonly T[], at: number): T => values[at % values.length]!

/** Rows whose times wander, with awkward values among others; the same ones every time. */
export function eventRows(count: number, step = 7): Event[] {
  let time = -40
  let state = 12345
  const next = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state >>> 8
  }
  return Array.from({ length: count }, () => {
    time += (next() % (2 * step)) - step / 2
    if (next() % 12 === 0) time += step * 12
    const at = next() % 9 === 0 ? time - step * 4 : time
    return {
      time: Math.round(at),
      key: pick(['a', 'b', 'ü', '\ud800'], next()),
      x: pick([null, 0, -0, 1.5, -2, Number.NaN, Number.POSITIVE_INFINITY, 7, 1e-3], next()),
      n: next() % 9,
      l: pick([null, 0n, 4n, -6n, 2n ** 53n + 1n], next()),
      p: pick([null, true, false], next()),
      t: pick([null, 'x', 'y', 'z', 'zz', ''], next()),
    }
  })
}
