import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
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
} from '../../src/expression/aggregates.ts'
import { delta, rate } from '../../src/expression/change-aggregates.ts'
import { argMax, boolAnd, topK } from '../../src/expression/choice-aggregates.ts'
import { distinctCount, median } from '../../src/expression/distribution-aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import type { hopping, WindowSpec } from '../../src/time/windows.ts'
import type { Row } from '../plan/scalar-interpreter.ts'
import { events, rows, windows } from './aggregate-events.ts'
import { ENGINES, type Manner, runPlanRows } from './run-plan-rows.ts'

/** Aggregates that share accumulators, passes or counts when they look at one column, and some that share none. */
const AGGREGATES = [
  'rows',
  'values',
  'longValues',
  'positive',
  'negative',
  'small',
  'odd',
  'true',
  'sum',
  'avg',
  'min',
  'max',
  'variance',
  'stdDev',
  'stdDevSample',
  'first',
  'last',
  'intSum',
  'intAvg',
  'intMin',
  'longSum',
  'longAvg',
  'longMin',
  'longMax',
  'timeMin',
  'timeMax',
  'different',
  'middle',
  'change',
  'perSecond',
  'best',
  'who',
  'all',
] as const
type Aggregate = (typeof AGGREGATES)[number]

/** A plan with some of them, in an order of one's own. */
const planWith = (window: WindowSpec, chosen: readonly Aggregate[]) =>
  pipeline(events)
    .eventTime('time', { outOfOrdernessMs: 15 })
    .keyBy('key')
    .window(window as ReturnType<typeof hopping>)
    .aggregate(e => {
      const made: Record<Aggregate, ReturnType<typeof count>> = {
        rows: count(),
        values: count(e.x),
        longValues: count(e.l),
        positive: countIf(e.x.gt(0)),
        negative: countIf(e.x.lt(0)),
        small: countIf(e.n.lt(5)),
        odd: countIf(e.n.mod(2).eq(1)),
        true: countIf(e.p),
        sum: sum(e.x),
        avg: avg(e.x),
        min: min(e.x),
        max: max(e.x),
        variance: variance(e.x),
        stdDev: stdDev(e.x),
        stdDevSample: stdDevSample(e.x),
        first: first(e.x),
        last: last(e.x),
        intSum: sum(e.n),
        intAvg: avg(e.n),
        intMin: min(e.n),
        longSum: sum(e.l),
        longAvg: avg(e.l),
        longMin: min(e.l),
        longMax: max(e.l),
        timeMin: min(e.time),
        timeMax: max(e.time),
        different: distinctCount(e.x),
        middle: median(e.x),
        change: delta(e.n),
        perSecond: rate(e.n),
        best: topK(e.x, 2),
        who: argMax(e.t, e.n),
        all: boolAnd(e.p),
      } as never
      return Object.fromEntries(chosen.map(name => [name, made[name]]))
    }).plan

async function run(window: WindowSpec, chosen: readonly Aggregate[], input: readonly Row[], manner: Manner) {
  const found = await runPlanRows(planWith(window, chosen), input, manner)
  if ('code' in found) throw new Error(found.code)
  return found.rows
}

describe('aggregates that share accumulators', () => {
  it.each(ENGINES)('give the bits each of them gives by itself, on %s', async engine => {
    const manner: Manner = { engine, maxBatch: 64, bufferSize: 4096, way: 'pushMany', blockRows: 40, stalls: false }
    const chosen = fc.uniqueArray(fc.constantFrom(...AGGREGATES), { minLength: 2, maxLength: 12 })
    let firings = 0
    await fc.assert(
      fc.asyncProperty(windows, chosen, rows, async (window, names, input) => {
        const together = await run(window, names, input, manner)
        firings += together.length
        for (const name of names) {
          const alone = await run(window, [name], input, manner)
          expect(together.map(row => row[name])).toEqual(alone.map(row => row[name]))
        }
      }),
      { numRuns: 25 },
    )
    expect(firings).toBeGreaterThan(50)
  })
})
