import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, sum } from '../../src/expression/aggregates.ts'
import { desc } from '../../src/expression/ordering.ts'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import type { PipelineConfig } from '../../src/plan/config.ts'
import { i32, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import type { Clock } from '../../src/time/clock.ts'
import { EventDrivenClock } from '../../src/time/event-driven-clock.ts'
import { session } from '../../src/time/session-windows.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { hopping, tumbling } from '../../src/time/windows.ts'

const calls = schema({ caller: i32(), seconds: i32() })
const arriving = (config?: PipelineConfig) => pipeline(calls, config).processingTime('at')
const perSecond = (config?: PipelineConfig) =>
  arriving(config)
    .keyBy('caller')
    .window(tumbling('1s'))
    .aggregate(e => ({ calls: count(), seconds: sum(e.seconds) }))

const code = (code: string) => expect.objectContaining({ code })

describe('processing time', () => {
  it('is the instant of the clock at which a row is worked on, in a column behind the others', async () => {
    const clock = new VirtualClock(5)
    const rows: unknown[] = []
    const job = await arriving()
      .filter(e => e.seconds.gt(0))
      .run({ clock, sink: rows })
    job.push({ caller: 1, seconds: 3 })
    await job.flush()
    clock.advance(20.75)
    job.push({ caller: 2, seconds: 0 })
    job.push({ caller: 3, seconds: 1 })
    await job.drain()
    expect(rows).toEqual([
      { caller: 1, seconds: 3, at: 5 },
      { caller: 3, seconds: 1, at: 25 },
    ])
  })

  it('ends windows when the clock comes to their end, though no row comes', async () => {
    const clock = new VirtualClock(0)
    const rows: unknown[] = []
    const job = await perSecond().run({ clock, sink: rows })
    job.push({ caller: 1, seconds: 3 })
    await job.flush()
    clock.advance(999)
    await job.flush()
    expect(rows).toEqual([])
    clock.advance(1)
    await job.flush()
    expect(rows).toEqual([{ windowStart: 0, windowEnd: 1_000, caller: 1, calls: 1, seconds: 3 }])
    clock.advance(10_000)
    job.push({ caller: 1, seconds: 4 })
    await job.drain()
    expect(rows.slice(1)).toEqual([{ windowStart: 11_000, windowEnd: 12_000, caller: 1, calls: 1, seconds: 4 }])
  })

  it('does not go back with the clock', async () => {
    const clock = new VirtualClock(2_500)
    let shiftMs = 0
    const back: Clock = {
      now: () => clock.now() - shiftMs,
      monotonicNs: () => clock.monotonicNs(),
      after: (delayMs, callback) => clock.after(delayMs, callback),
    }
    const rows: { windowStart: number; calls: number }[] = []
    const job = await perSecond().run({ clock: back, sink: rows as unknown[] })
    job.push({ caller: 1, seconds: 3 })
    await job.flush()
    shiftMs = 2_000
    job.push({ caller: 1, seconds: 3 })
    await job.drain()
    expect(rows).toMatchObject([{ windowStart: 2_000, calls: 2 }])
  })

  it('is seen row by row where the rows move the clock', async () => {
    const timed = schema({ time: timestamp(), caller: i32() })
    const rows: unknown[] = []
    const job = await pipeline(timed)
      .processingTime('at')
      .window(tumbling(10))
      .aggregate(() => ({ calls: count() }))
      .run({ clock: new EventDrivenClock('time'), sink: rows })
    await job.pushMany([1, 9, 10, 35].map(time => ({ time, caller: 1 })))
    await job.drain()
    expect(rows).toEqual([
      { windowStart: 0, windowEnd: 10, calls: 2 },
      { windowStart: 10, windowEnd: 20, calls: 1 },
      { windowStart: 30, windowEnd: 40, calls: 1 },
    ])
  })

  it('takes the time of results over from their windows', async () => {
    const clock = new VirtualClock(0)
    const rows: unknown[] = []
    const job = await perSecond()
      .project(r => ({ caller: r.caller, calls: r.calls }))
      .processingTime('at')
      .window(tumbling('10s'))
      .topRows(1, r => desc(r.calls))
      .run({ clock, sink: rows })
    for (const caller of [1, 2, 2]) job.push({ caller, seconds: 1 })
    await job.flush()
    clock.advance(1_500)
    await job.flush()
    clock.advance(10_000)
    await job.drain()
    expect(rows).toEqual([{ windowStart: 0, windowEnd: 10_000, caller: 2, calls: 2, at: 1_000 }])
  })

  it('gives windows what event time gives when each row says when it was worked on', async () => {
    const events = schema({ at: timestamp(), caller: i32(), seconds: i32() })
    // The clock ends a session before a row that comes at exactly its end.
    const windows = [tumbling(10), hopping(12, 5), session(7, { touch: 'split' })]
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 15 }), fc.array(fc.nat(3), { maxLength: 9 })), { maxLength: 20 }),
        fc.constantFrom(...windows),
        fc.record({ maxBatch: fc.constantFrom(2, 7, 4096), engine: fc.constantFrom('wasm' as const, 'js' as const) }),
        async (steps, window, config) => {
          const clock = new VirtualClock(100)
          const [found, wanted]: [unknown[], unknown[]] = [[], []]
          const byClock = await arriving(config)
            .keyBy('caller')
            .window(window as ReturnType<typeof tumbling>)
            .aggregate(e => ({ calls: count(), seconds: sum(e.seconds) }))
            .run({ clock, sink: found })
          const byEvent = await pipeline(events, config)
            .eventTime('at')
            .keyBy('caller')
            .window(window as ReturnType<typeof tumbling>)
            .aggregate(e => ({ calls: count(), seconds: sum(e.seconds) }))
            .run({ sink: wanted })
          for (const [waitMs, callers] of steps) {
            clock.advance(waitMs)
            for (const [seconds, caller] of callers.entries()) {
              byClock.push({ caller, seconds })
              byEvent.push({ at: clock.now(), caller, seconds })
            }
            await byClock.flush()
          }
          await Promise.all([byClock.drain(), byEvent.drain()])
          expect(found).toEqual(wanted)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('stands in a plan as data, and says so in explain(): its windows are made by kernels', () => {
    const again = pipelineFromJSON(JSON.stringify(perSecond()))
    expect(again.plan).toEqual(perSecond().plan)
    expect(again.explain()).toContain('time        at, by the clock')
    expect(again.explain()).toMatch(/kernels .*findOrInsertKeys4, resolveOneSlice/)
  })

  it('is refused where rows have a time already, and under a name that is taken', () => {
    const timed = pipeline(schema({ time: timestamp() }))
    expect(() => timed.eventTime('time').processingTime('at')).toThrow(code('PLAN_INVALID'))
    expect(() => timed.processingTime('at').eventTime('time')).toThrow(code('PLAN_INVALID'))
    expect(() => timed.processingTime('time')).toThrow(code('SCHEMA_INVALID'))
    expect(() => timed.processingTime(7 as never)).toThrow(code('SCHEMA_INVALID'))
  })
})
