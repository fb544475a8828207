import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import type { PipelineConfig } from '../../src/plan/config.ts'
import { f64, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { EventDrivenClock } from '../../src/time/event-driven-clock.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { time } from '../../src/time/window-kinds/time.ts'
import { timeBatch } from '../../src/time/window-kinds/time-batch.ts'

const events = schema({ time: timestamp(), value: f64() })
const manners = fc.record({
  maxBatch: fc.constantFrom(1, 7, 64, 4096),
  engine: fc.constantFrom('wasm' as const, 'js' as const),
})

const sliding = (config: PipelineConfig, by?: 'time') =>
  pipeline(events, config)
    .window(time(50, { output: 'all', ...(by && { by }) }))
    .aggregate((e, row) => ({ value: row.value, n: count(), sum: sum(e.value) }))
const batches = (config: PipelineConfig, by?: 'time') =>
  pipeline(events, config)
    .window(timeBatch(50, { rows: 'all', ...(by && { by }) }))
    .aggregate(e => ({ n: count(), sum: sum(e.value) }))

it.each([
  ['sliding windows', sliding],
  ['batches', batches],
])('%s by the clock see every row at its own time, as if a column were their clock', async (_, build) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: -5, max: 30 }), fc.nat(9)), { maxLength: 60 }),
      manners,
      fc.boolean(),
      async (steps, manner, stalls) => {
        let at = 1_000
        const rows = steps.map(([step, value]) => ({ time: (at += step), value }))
        const run = async (by: 'time' | undefined) => {
          const got: unknown[] = []
          const job = await build(manner, by).run({
            sink: (row: unknown) => {
              const isOdd = got.push(row) % 2 === 1
              return stalls && isOdd ? Promise.resolve() : undefined
            },
            ...(by === undefined && { clock: new EventDrivenClock('time', { start: 1_000 - 300 }) }),
          })
          const pushed = job.pushMany(rows)
          if (pushed instanceof Promise) await pushed
          await job.drain()
          return got
        }
        expect(await run(undefined)).toEqual(await run('time'))
      },
    ),
    { numRuns: 120 },
  )
})

describe('an event-driven clock', () => {
  it('moves on by itself when no rows come, and a row moves it again', async () => {
    const outside = new VirtualClock(0)
    const clock = new EventDrivenClock('time', { idleAdvance: { after: '100ms', by: '2s' }, outside })
    const got: [number, number][] = []
    const job = await pipeline(events)
      .window(timeBatch('3s'))
      .aggregate(() => ({ n: count() }))
      .run({ clock, sink: row => void got.push([outside.now(), row.n]) })
    job.push({ time: 10_000, value: 1 })
    await job.flush()
    outside.advance(99)
    expect(clock.now()).toBe(10_000)
    outside.advance(1)
    expect(clock.now()).toBe(12_000)
    expect(got).toEqual([])
    job.push({ time: 12_500, value: 1 })
    await job.flush()
    expect(clock.now()).toBe(12_500)
    outside.advance(100)
    expect(clock.now()).toBe(14_500)
    expect(got).toEqual([[200, 2]])
    await job.drain()
    outside.advance(1_000)
    expect(clock.now()).toBe(14_500)
  })

  it('calls the timers of processors at their instants, before the rows of that instant', async () => {
    const seen: [string, number][] = []
    const clock = new EventDrivenClock('time')
    const job = await pipeline(events, { maxBatch: 64 })
      .process(events, () => ({
        process(row, _, context) {
          seen.push(['row', row.time])
          if (row.time === 100) context.setTimer(200)
        },
        onTimer: at => void seen.push(['timer', at]),
      }))
      .run({ clock, sink: () => {} })
    job.pushMany([100, 150, 200, 300].map(each => ({ time: each, value: 0 })))
    await job.drain()
    expect(seen).toEqual([
      ['row', 100],
      ['row', 150],
      ['timer', 200],
      ['row', 200],
      ['row', 300],
    ])
  })

  it.each([
    ['a column that is no time', () => pipeline(events).run({ clock: new EventDrivenClock('value') })],
    ['a column that is not there', () => pipeline(events).run({ clock: new EventDrivenClock('at') })],
    ['a start that is no time', async () => new EventDrivenClock('time', { start: 0.5 })],
    ['no idle time', async () => new EventDrivenClock('time', { idleAdvance: { after: 0, by: 1 } })],
  ])('refuses %s', async (_, make) => {
    await expect(make()).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})
