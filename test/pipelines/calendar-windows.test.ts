import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { type CalendarSpec, calendar } from '../../src/time/calendar-windows.ts'
import { interpret } from '../plan/row-interpreter.ts'
import type { Row } from '../plan/scalar-interpreter.ts'
import { ENGINES, runPlanRows } from './run-plan-rows.ts'

const events = schema({ time: timestamp(), key: utf8(), value: f64() })
const HOUR_MS = 3_600_000

/** Zones with a change of clocks near an instant at which rows begin. */
const starts: readonly (readonly [string, number])[] = [
  ['Europe/Berlin', Date.UTC(2024, 2, 29)],
  ['Europe/Berlin', Date.UTC(2024, 9, 24)],
  ['America/Sao_Paulo', Date.UTC(2017, 9, 12)],
  ['Asia/Beirut', Date.UTC(2022, 9, 27)],
  ['Pacific/Apia', Date.UTC(2011, 11, 27)],
  ['Asia/Kathmandu', Date.UTC(1985, 11, 29)],
  ['Asia/Kolkata', Date.UTC(1969, 11, 29)],
]

const cases = fc.record({
  place: fc.constantFrom(...starts),
  unit: fc.constantFrom('day', 'day', 'week', 'month'),
  late: fc.record(
    {
      allowedLateness: fc.constantFrom(0, 5 * HOUR_MS, 72 * HOUR_MS),
      firing: fc.constantFrom('accumulating', 'discarding', 'retracting'),
      lateTo: fc.constant('late'),
    },
    { requiredKeys: [] },
  ),
  outOfOrdernessMs: fc.constantFrom(0, 3 * HOUR_MS, 48 * HOUR_MS),
  isKeyed: fc.boolean(),
  rows: fc.array(
    fc.record({
      step: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: -2, max: 5 }) },
        { weight: 1, arbitrary: fc.integer({ min: -60, max: 60 }) },
        { weight: 1, arbitrary: fc.integer({ min: 400, max: 900 }) },
      ),
      key: fc.constantFrom('a', 'b'),
      value: fc.integer({ min: -9, max: 9 }),
    }),
    { maxLength: 80, size: 'max' },
  ),
})

describe('calendar windows', () => {
  it.each(ENGINES)('hold the rows of their dates whatever the batches, on %s', async engine => {
    await fc.assert(
      fc.asyncProperty(cases, fc.constantFrom(1, 7, 64, 4096), async (given, maxBatch) => {
        const [zone, from] = given.place
        const spec: CalendarSpec = calendar(given.unit as 'day', { zone, ...given.late })
        const timed = pipeline(events).eventTime('time', { outOfOrdernessMs: given.outOfOrdernessMs })
        const aggregated = given.isKeyed
          ? timed
              .keyBy('key')
              .window(spec)
              .aggregate(e => ({ rows: count(), total: sum(e.value) }))
          : timed.window(spec).aggregate(e => ({ rows: count(), total: sum(e.value) }))
        let time = from
        const rows = given.rows.map(({ step, ...row }): Row => {
          // Half hours, so that rows stand at midnight itself where zones are half an hour off.
          time += (step * HOUR_MS) / 2
          return { time, ...row }
        })
        const { plan } = aggregated
        const found = await runPlanRows(plan, rows, {
          engine,
          maxBatch,
          bufferSize: 65_536,
          way: 'pushMany',
          blockRows: 1_000,
          stalls: false,
        })
        expect(found).toEqual(interpret(plan, rows))
      }),
      { numRuns: 60 },
    )
  })

  it('are an hour shorter and longer when clocks change, and none where a date was left out', async () => {
    const days = async (zone: string, first: string, hours: number) => {
      const daily = pipeline(events)
        .eventTime('time')
        .window(calendar('day', { zone }))
        .aggregate(() => ({ rows: count() }))
      const start = Date.parse(first)
      const rows = Array.from({ length: hours }, (_, i) => ({ time: start + i * HOUR_MS, key: 'a', value: 1 }))
      const found: number[] = []
      const job = await daily.run({ sink: row => void found.push(Number(row.rows)) })
      job.pushMany(rows)
      await job.drain()
      return found
    }
    expect(await days('Europe/Berlin', '2024-03-29T23:00:00Z', 71)).toEqual([24, 23, 24])
    expect(await days('Europe/Berlin', '2024-10-25T22:00:00Z', 73)).toEqual([24, 25, 24])
    expect(await days('Pacific/Apia', '2011-12-29T10:00:00Z', 48)).toEqual([24, 24])
  })

  it('say in explain() what bounds their state', () => {
    const text = pipeline(events)
      .eventTime('time', { allowedLatenessMs: 30 * HOUR_MS })
      .keyBy('key')
      .window(calendar('day', { zone: 'Europe/Berlin' }))
      .aggregate(() => ({ rows: count() }))
      .explain()
    expect(text).toContain('calendar day in Europe/Berlin by key')
    expect(text).toMatch(/bytes per key and open or late window; .* stays for 2 more/)
  })
})
