import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count } from '../../src/expression/aggregates.ts'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import {
  boundedOutOfOrderness,
  monotonous,
  physical,
  punctuated,
  type WatermarkSpec,
} from '../../src/plan/watermarks.ts'
import { bool, i32, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { session, slidingPerEvent } from '../../src/time/session-windows.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { tumbling } from '../../src/time/windows.ts'

const events = schema({ time: timestamp(), key: i32(), last: bool(), upTo: timestamp().nullable() })
const source = pipeline(events)
const event = (time: number, key = 0) => ({ time, key, last: false, upTo: null })

describe('strategies', () => {
  it('are data that survive JSON, and stand in explain()', () => {
    const lines = [
      source.eventTime('time', { watermarks: boundedOutOfOrderness('5s') }),
      source.eventTime('time', { watermarks: monotonous() }),
      source.eventTime('time', { watermarks: punctuated(e => e.last) }),
      source.eventTime('time', { watermarks: physical('10s') }),
    ].map(stream => {
      const again = pipelineFromJSON(JSON.stringify(stream))
      expect(again.plan).toEqual(stream.plan)
      return again.explain().split('\n')[1]
    })
    expect(lines).toEqual([
      'eventTime   time, out of order by up to 5s, late by up to 0ms',
      'eventTime   time, out of order by up to 0ms, late by up to 0ms',
      'eventTime   time, watermarks by last, late by up to 0ms',
      'eventTime   time, watermark 10s behind, on with the clock, late by up to 0ms',
    ])
  })

  it.each([
    ['a bound twice', () => source.eventTime('time', { outOfOrderness: 5, outOfOrdernessMs: 5 })],
    ['a bound beside a strategy', () => source.eventTime('time', { outOfOrderness: 5, watermarks: monotonous() })],
    ['a lateness twice', () => source.eventTime('time', { allowedLateness: 5, allowedLatenessMs: 5 })],
    ['a bound below 0', () => boundedOutOfOrderness('-1s')],
    ['a wait that is no length', () => physical(Number.NaN)],
    ['punctuated without a function', () => punctuated('last' as never)],
    ['a strategy of no kind', () => source.eventTime('time', { watermarks: { kind: 'other' } as never })],
  ])('refuse %s', (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  it('may stand in the rows as a value of a type that is no watermark, which is refused', () => {
    expect(() => source.eventTime('time', { watermarks: punctuated(e => e.key as never) })).toThrow(
      expect.objectContaining({ code: 'PLAN_INVALID' }),
    )
  })
})

/** What each row leads the watermark to. */
function leads(spec: 'last' | 'upTo' | WatermarkSpec, row: ReturnType<typeof rowOf>): number {
  if (spec === 'last') return row.last ? row.time : Number.NEGATIVE_INFINITY
  if (spec === 'upTo') return row.upTo ?? Number.NEGATIVE_INFINITY
  return row.time - (spec as { outOfOrdernessMs: number }).outOfOrdernessMs - 1
}

const rowOf = ([time, key, last, upTo]: readonly [number, number, boolean, number | null]) => ({
  time,
  key,
  last,
  upTo,
})
const rows = fc.array(
  fc
    .tuple(fc.nat(300), fc.nat(2), fc.boolean(), fc.option(fc.nat(300)))
    .map(([time, key, last, upTo]) => rowOf([time - 100, key, last, upTo])),
  { maxLength: 60 },
)

it('windows take and fire what a watermark kept row by row says, in batches of any length, on both engines', async () => {
  await fc.assert(
    fc.asyncProperty(
      rows,
      fc.constantFrom<'last' | 'upTo' | WatermarkSpec>('last', 'upTo', boundedOutOfOrderness(20), monotonous()),
      fc.constantFrom(1, 7, 64, 4096),
      fc.constantFrom('wasm', 'js'),
      fc.boolean(),
      async (input, spec, maxBatch, engine, hasFilter) => {
        const kept = hasFilter ? input.filter(row => row.key !== 1) : input
        const wanted: [number, number][] = []
        const open = new Map<number, number>()
        let watermark = Number.NEGATIVE_INFINITY
        let late = 0
        const fire = (upTo: number) => {
          watermark = Math.max(watermark, upTo)
          const due = [...open.keys()].filter(start => start + 49 <= watermark).sort((a, b) => a - b)
          for (const start of due) {
            wanted.push([start, open.get(start)!])
            open.delete(start)
          }
        }
        for (const row of kept) {
          const start = Math.floor(row.time / 50) * 50
          if (start + 49 <= watermark) late++
          else open.set(start, (open.get(start) ?? 0) + 1)
          fire(leads(spec, row))
        }
        fire(Number.POSITIVE_INFINITY)

        const watermarks =
          spec === 'last'
            ? punctuated<typeof events.types>(e => e.last)
            : spec === 'upTo'
              ? punctuated<typeof events.types>(e => e.upTo)
              : spec
        const filtered = hasFilter
          ? pipeline(events, { maxBatch, engine }).filter(e => e.key.ne(1))
          : pipeline(events, { maxBatch, engine })
        const got: [number, number][] = []
        const job = await filtered
          .eventTime('time', { watermarks: watermarks as never })
          .window(tumbling(50))
          .aggregate(() => ({ n: count() }))
          .run({ sink: row => void got.push([row.windowStart, row.n]) })
        job.pushMany(input)
        const { numLateRecordsDropped } = await job.drain()
        expect(got).toEqual(wanted)
        expect(numLateRecordsDropped).toBe(late)
      },
    ),
    { numRuns: 300 },
  )
})

describe('a watermark that moves with the clock', () => {
  const closing = source.eventTime('time', { watermarks: physical(100) })

  it.each(['wasm', 'js'] as const)('closes windows at the very instant, though no row comes (%s)', async engine => {
    const clock = new VirtualClock(10_000)
    const got: [number, number, number][] = []
    const job = await pipeline(events, { engine })
      .eventTime('time', { watermarks: physical(100) })
      .window(tumbling(50))
      .aggregate(() => ({ n: count() }))
      .run({ clock, sink: row => void got.push([clock.now(), row.windowStart, row.n]) })
    job.pushMany([event(10_000), event(10_010), event(10_060)])
    await job.flush()
    // The row of 10,060 led the watermark to 9,960: 10,049 is 89 ms away, 10,099 is 139 ms.
    clock.advance(88)
    expect(got).toEqual([])
    clock.advance(200)
    expect(got).toEqual([
      [10_089, 10_000, 2],
      [10_139, 10_050, 1],
    ])
    await job.drain()
    expect(got).toHaveLength(2)
  })

  it('makes rows late that were longer under way than the wait', async () => {
    const clock = new VirtualClock(0)
    const job = await closing
      .window(tumbling(50))
      .aggregate(() => ({ n: count() }))
      .run({ clock, sink: () => {} })
    job.push(event(0))
    await job.flush()
    clock.advance(149)
    // The watermark is at 49.
    job.pushMany([event(49), event(50)])
    expect((await job.drain()).numLateRecordsDropped).toBe(1)
  })

  it.each([
    ['sessions', session(30), [[229, 100, 130]]],
    ['sliding windows by event', slidingPerEvent(30), [[200, 70, 101]]],
  ] as const)('closes %s', async (_, window, wanted) => {
    const clock = new VirtualClock(100)
    const got: number[][] = []
    const job = await closing
      .window(window)
      .aggregate(() => ({ n: count() }))
      .run({ clock, sink: row => void got.push([clock.now(), row.windowStart, row.windowEnd]) })
    job.push(event(100))
    await job.flush()
    clock.advance(1_000)
    expect(got).toEqual(wanted)
    await job.drain()
  })

  it('is told to a processor that looks at it, at least every 200 ms', async () => {
    const clock = new VirtualClock(0)
    const seen: number[] = []
    const job = await closing
      .process(events, () => ({ process() {}, onWatermark: watermark => void seen.push(watermark) }))
      .run({ clock, sink: () => {} })
    job.push(event(0))
    await job.flush()
    clock.advance(700)
    expect(seen).toEqual([-100, 100, 300, 500])
    await job.drain()
  })

  it('stays where it is when the clock goes back, and waits for no window when none is open', async () => {
    let now = 1_000
    let timers = 0
    const clock = {
      now: () => now,
      monotonicNs: () => 0,
      after: () => {
        timers++
        return () => timers--
      },
    }
    const job = await closing
      .window(tumbling(50))
      .aggregate(() => ({ n: count() }))
      .run({ clock, sink: () => {} })
    job.push(event(1_000))
    await job.flush()
    expect([job.metrics().currentInputWatermark, timers]).toEqual([900, 1])
    now = 500
    job.push(event(900))
    await job.flush()
    expect(job.metrics().currentInputWatermark).toBe(900)
    now = 1_030
    job.push(event(0))
    await job.flush()
    expect(job.metrics().currentInputWatermark).toBe(930)
    await job.drain()
    expect(timers).toBe(0)
  })
})

it('a slow sink holds up what a clock makes fire, and loses none of it', async () => {
  const clock = new VirtualClock(0)
  const got: number[] = []
  const job = await pipeline(events, { maxBatch: 2 })
    .eventTime('time', { watermarks: physical(1_000) })
    .keyBy('key')
    .window(tumbling(10))
    .aggregate(() => ({ n: count() }))
    .run({
      clock,
      sink: async row => {
        await new Promise<void>(resolve => setTimeout(resolve, 0))
        got.push(row.windowStart)
      },
    })
  for (let i = 0; i < 40; i++) {
    clock.advanceTo(i * 10)
    await job.push(event(i * 10, i))
    await job.push(event(i * 10 + 1, -i))
  }
  clock.advance(2_000)
  await job.flush()
  expect(got).toHaveLength(79)
  const { numLateRecordsDropped } = await job.drain()
  expect(numLateRecordsDropped).toBe(0)
  expect(got).toEqual([...got].sort((a, b) => a - b))
})
