import { describe, expect, it } from 'vitest'
import { avg, count, first, last, max, min, stdDev, sum, varianceSample } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, i64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'
import { interpret } from './row-interpreter.ts'

const events = schema({ time: timestamp(), key: utf8(), value: f64().nullable(), big: i64() })
const event = (time: number, key = 'a', value: number | null = 1, big = 1n) => ({ time, key, value, big })
const counted = (outOfOrdernessMs: number, allowedLatenessMs: number, size = 1_000, offset = 0) =>
  pipeline(events)
    .eventTime('time', { outOfOrdernessMs, allowedLatenessMs })
    .keyBy('key')
    .window(tumbling(size, { offset }))
    .aggregate(e => ({ n: count(), total: sum(e.value) })).plan
const shown = (rows: readonly Record<string, unknown>[]) =>
  rows.map(({ windowStart, key, n }) => `${windowStart} ${key} ${n}`)

describe('the row interpreter', () => {
  it('aligns windows to the epoch plus the offset, before the epoch too', () => {
    const rows = [0, 4_999, 5_000, -1, -5_000].map(time => event(time, `t${time}`))
    const start = (offset: number) =>
      Object.fromEntries(interpret(counted(10_000, 0, 5_000, offset), rows).rows.map(row => [row.key, row.windowStart]))
    expect(start(0)).toEqual({ t0: 0, t4999: 0, t5000: 5_000, 't-1': -5_000, 't-5000': -5_000 })
    expect(start(100)).toEqual({ t0: -4_900, t4999: 100, t5000: 100, 't-1': -4_900, 't-5000': -9_900 })
    expect(start(-100)).toEqual({ t0: -100, t4999: 4_900, t5000: 4_900, 't-1': -100, 't-5000': -5_100 })
  })

  it('drops a row exactly when end - 1 + lateness is at or behind the watermark', () => {
    // 1,500 with a bound of 500 puts the watermark at 999: window [0, 1000) has just fired.
    const early = [event(10), event(1_499), event(20)]
    const late = [event(10), event(1_500), event(20)]
    expect(interpret(counted(500, 0), early)).toMatchObject({ late: 0 })
    expect(interpret(counted(500, 0), late)).toMatchObject({ late: 1 })
    expect(shown(interpret(counted(500, 0), late).rows)).toEqual(['0 a 1', '1000 a 1'])
  })

  it('fires a window again for each row that is late but allowed, with all it has', () => {
    const rows = [event(10), event(1_500), event(20), event(30, 'b'), event(1_600), event(40)]
    const result = interpret(counted(500, 100), rows)
    expect(shown(result.rows)).toEqual(['0 a 1', '0 a 2', '0 b 1', '1000 a 2'])
    expect(result.late).toBe(1)
  })

  it('fires windows by their end and groups by their first arrival', () => {
    const rows = [event(2_100, 'x'), event(1_100, 'z'), event(1_200, 'y'), event(2_200, 'a')]
    expect(shown(interpret(counted(5_000, 0), rows).rows)).toEqual(['1000 z 1', '1000 y 1', '2000 x 1', '2000 a 1'])
  })

  it('passes over nulls and computes the aggregates of known series', () => {
    const plan = pipeline(events)
      .eventTime('time')
      .window(tumbling(1_000))
      .aggregate(e => ({
        all: count(),
        some: count(e.value),
        total: sum(e.value),
        mean: avg(e.value),
        low: min(e.value),
        high: max(e.value),
        one: first(e.value),
        end: last(e.value),
        spread: stdDev(e.value),
        sample: varianceSample(e.value),
        bigs: sum(e.big),
      })).plan
    const series = [null, 2, 4, 4, 4, 5, 5, 7, 9, null].map((value, i) => event(i, 'a', value, 2n ** 60n / 8n))
    expect(interpret(plan, series).rows).toEqual([
      {
        windowStart: 0,
        windowEnd: 1_000,
        all: 10,
        some: 8,
        total: 40,
        mean: 5,
        low: 2,
        high: 9,
        one: 2,
        end: 9,
        spread: 2,
        sample: 32 / 7,
        bigs: 1441151880758558720n,
      },
    ])
    const empty = interpret(plan, [event(0, 'a', null)]).rows[0]!
    expect([empty.some, empty.total, empty.mean, empty.low, empty.one, empty.spread, empty.sample]).toEqual([
      0,
      null,
      null,
      null,
      null,
      null,
      null,
    ])
    const lost = [1e100, 1, -1e100].map((value, i) => event(i, 'a', value))
    expect(interpret(plan, lost).rows[0]!.total).toBe(1)
    const nan = [Number.NaN, -0, 0, Number.NaN].map((value, i) => event(i, 'a', value))
    expect(interpret(plan, nan).rows[0]).toMatchObject({ low: -0, high: 0 })
    expect(interpret(plan, [event(0, 'a', Number.NaN)]).rows[0]).toMatchObject({ low: Number.NaN, high: Number.NaN })
    expect(() => interpret(plan, [event(0, 'a', 1, 2n ** 62n), event(1, 'a', 1, 2n ** 62n)])).toThrow(/range of i64/)
  })

  it('sends rows through branches and user functions', () => {
    const output = schema({ time: timestamp(), doubled: f64() })
    const plan = pipeline(events)
      .eventTime('time')
      .tee('b', branch => branch.filter(e => e.key.eq('b')))
      .filterRows(row => row.key !== 'drop')
      .mapRows(output, row => ({ time: row.time, doubled: (row.value ?? 0) * 2 }))
      .process(output, () => ({
        process(row, emit) {
          emit(row)
          emit({ ...row, doubled: -row.doubled })
        },
      })).plan
    const result = interpret(plan, [event(1, 'a', 5), event(2, 'drop'), event(3, 'b', null)])
    expect(result.rows.map(row => row.doubled)).toEqual([10, -10, 0, -0])
    expect(result.branches.get('b')!.map(row => row.time)).toEqual([3])
  })
})
