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
import { approxDistinct, distinctCount, median, percentile } from '../../src/expression/distribution-aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { bool, f64, i32, i64, timestamp, u32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'
import { ENGINES } from './run-plan-rows.ts'

const readings = schema({
  time: timestamp(),
  x: f64().nullable(),
  n: i32().nullable(),
  u: u32().nullable(),
  l: i64().nullable(),
  p: bool().nullable(),
})
interface Reading {
  readonly time: number
  readonly x?: number
  readonly n?: number
  readonly u?: number
  readonly l?: bigint
  readonly p?: boolean
}

const aggregated = (engine: 'wasm' | 'js') =>
  pipeline(readings, { engine })
    .eventTime('time')
    .window(tumbling(1_000))
    .aggregate(e => ({
      rows: count(),
      values: count(e.x),
      truths: countIf(e.p),
      sum: sum(e.x),
      sumI32: sum(e.n),
      sumU32: sum(e.u),
      sumI64: sum(e.l),
      avg: avg(e.x),
      avgI64: avg(e.l),
      min: min(e.x),
      max: max(e.x),
      minI64: min(e.l),
      first: first(e.x),
      last: last(e.x),
      stdDev: stdDev(e.x),
      variance: variance(e.x),
      stdDevSample: stdDevSample(e.x),
      varianceSample: varianceSample(e.x),
      distinct: distinctCount(e.x),
      about: approxDistinct(e.x),
      half: percentile(e.x, 0.5),
      rough: percentile(e.x, 0.5, { relativeError: 0.01 }),
      median: median(e.l),
      top: topK(e.x, 2),
      bottom: bottomK(e.l, 2),
      all: boolAnd(e.p),
      any: boolOr(e.p),
      list: collect(e.x),
      set: collectSet(e.l),
      beside: argMin(e.n, e.x),
      besides: argMax(e.x, e.l),
      rate: rate(),
      sumRate: rate(e.n),
      delta: delta(e.x),
      ema: ema(e.x, { halfLife: 100 }),
      alpha: ema(e.x, { alpha: 0.5 }),
      least: minForever(e.x),
      greatest: maxForever(e.l),
    }))

async function resultOf(rows: readonly Reading[], engine: 'wasm' | 'js'): Promise<Record<string, unknown>> {
  const results: Record<string, unknown>[] = []
  const job = await aggregated(engine).run({ sink: row => void results.push(row) })
  for (const row of rows) await job.push(row as never)
  await job.drain()
  const { windowStart, windowEnd, ...result } = results[0]!
  expect([windowStart, windowEnd, results.length]).toEqual([0, 1_000, 1])
  return result
}

describe.each(ENGINES)('aggregates on %s', engine => {
  it('of rows without a value: counts are 0, lists are empty, everything else is null', async () => {
    expect(await resultOf([{ time: 0 }, { time: 1 }], engine)).toEqual({
      rows: 2,
      values: 0,
      truths: 0,
      sum: null,
      sumI32: null,
      sumU32: null,
      sumI64: null,
      avg: null,
      avgI64: null,
      min: null,
      max: null,
      minI64: null,
      first: null,
      last: null,
      stdDev: null,
      variance: null,
      stdDevSample: null,
      varianceSample: null,
      distinct: 0,
      about: 0,
      half: null,
      rough: null,
      median: null,
      top: [],
      bottom: [],
      all: null,
      any: null,
      list: [],
      set: [],
      beside: null,
      besides: null,
      rate: 2,
      sumRate: null,
      delta: null,
      ema: null,
      alpha: null,
      least: null,
      greatest: null,
    })
  })

  it('of one row: its value, no spread of the population and none known of a sample', async () => {
    const row = { time: 5, x: 2.5, n: -3, u: 4, l: 7n, p: false }
    const result = await resultOf([row, { time: 6 }], engine)
    expect(result.rough).toBeCloseTo(2.5, 1)
    expect({ ...result, rough: 2.5 }).toEqual({
      rows: 2,
      values: 1,
      truths: 0,
      sum: 2.5,
      sumI32: -3,
      sumU32: 4,
      sumI64: 7n,
      avg: 2.5,
      avgI64: 7,
      min: 2.5,
      max: 2.5,
      minI64: 7n,
      first: 2.5,
      last: 2.5,
      stdDev: 0,
      variance: 0,
      stdDevSample: null,
      varianceSample: null,
      distinct: 1,
      about: 1,
      half: 2.5,
      rough: 2.5,
      median: 7,
      top: [2.5],
      bottom: [7n],
      all: false,
      any: false,
      list: [2.5],
      set: [7n],
      beside: -3,
      besides: 2.5,
      rate: 2,
      sumRate: -3,
      delta: 0,
      ema: 2.5,
      alpha: 2.5,
      least: 2.5,
      greatest: 7n,
    })
  })

  it('pass over NaN in extremes, and put -0 below 0', async () => {
    const of = async (...values: number[]) => {
      const { min, max, least } = await resultOf(
        values.map((x, time) => ({ time, x })),
        engine,
      )
      return [min, max, least]
    }
    expect(await of(Number.NaN, 3, Number.NaN, 1)).toEqual([1, 3, 1])
    expect(await of(Number.NaN, Number.NaN)).toEqual([Number.NaN, Number.NaN, Number.NaN])
    for (const zeros of [
      [0, -0],
      [-0, 0],
    ])
      expect(await of(...zeros)).toEqual([-0, 0, -0])
  })

  it('are exact for integers: i32 and u32 up to 2^53, i64 over its whole range', async () => {
    const rows = Array.from({ length: 1_000 }, (_, time) => ({
      time,
      n: time % 2 === 0 ? 2 ** 31 - 1 : -(2 ** 31),
      u: 2 ** 32 - 1,
      l: time % 2 === 0 ? 2n ** 63n - 1n : -(2n ** 63n),
    }))
    const result = await resultOf(rows, engine)
    expect([result.sumI32, result.sumU32, result.sumI64]).toEqual([-500, 1_000 * (2 ** 32 - 1), -500n])
  })

  it('that go by time go by event time: the order of arrival alone decides what is first and last', async () => {
    const rows = [
      { time: 100, x: 4, n: 1 },
      { time: 0, x: 8, n: 2 },
      { time: 200, x: 16, n: 3 },
    ]
    const result = await resultOf(rows, engine)
    expect(result).toMatchObject({ first: 4, last: 16, delta: 12, rate: 3, sumRate: 6 })
    // Half-lives of 100 ms back from the latest: 16 weighs 1, 4 a half, 8 a quarter.
    expect(result.ema).toBeCloseTo((16 + 4 / 2 + 8 / 4) / (1 + 1 / 2 + 1 / 4), 12)
    // 4, then (4 + 8) / 2, then (6 + 16) / 2.
    expect(result.alpha).toBe(11)
  })
})
