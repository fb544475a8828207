import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import { f64, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

const events = schema({ time: timestamp(), value: f64() })
const NOW = 10_000

const limited = (config: { maxBatch?: number; engine?: 'wasm' | 'js' } = {}) =>
  pipeline(events, config).eventTime('time', { maxFutureSkew: '1s' })

/** Events in one of the ways in. */
const WAYS = ['push', 'tryPush', 'pushMany', 'pushColumns'] as const

it('rows further ahead of the clock are refused, counted, and lead no watermark, whichever way they come in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: NOW - 2_000, max: NOW + 2_000 }), { minLength: 1, maxLength: 100 }),
      fc.constantFrom(...WAYS),
      fc.constantFrom(1, 7, 64, 4096),
      fc.constantFrom('wasm' as const, 'js' as const),
      async (times, way, maxBatch, engine) => {
        const got: number[] = []
        const dead: unknown[] = []
        const job = await limited({ maxBatch, engine }).run({
          clock: new VirtualClock(NOW),
          sink: row => void got.push(row.time),
          errors: { source: { kind: 'deadLetter', sink: ({ cause }) => void dead.push(cause) } },
        })
        const rows = times.map(time => ({ time, value: time }))
        if (way === 'pushMany') job.pushMany(rows)
        else if (way === 'pushColumns') job.pushColumns({ time: times, value: times })
        else for (const row of rows) job[way](row)
        await job.flush()
        const kept = times.filter(time => time <= NOW + 1_000)
        const refused = times.filter(time => time > NOW + 1_000)
        expect(got).toEqual(kept)
        expect(job.metrics().currentInputWatermark).toBe(Math.max(...kept) - 1)
        const { offered, accepted, invalid, deadLettered } = await job.drain()
        expect([offered, accepted, invalid, deadLettered]).toEqual([
          times.length,
          kept.length,
          refused.length,
          refused.length,
        ])
        expect(dead).toEqual(
          refused.map(value => expect.objectContaining({ code: 'EVENT_INVALID', value, at: 'time' })),
        )
      },
    ),
    { numRuns: 150 },
  )
})

describe('a time too far ahead', () => {
  it('is thrown back at whoever pushed it unless a policy says otherwise; the clock lets it in later', async () => {
    const clock = new VirtualClock(NOW)
    const job = await limited().run({ clock, sink: () => {} })
    const early = { time: NOW + 1_001, value: 0 }
    expect(() => job.push(early)).toThrow(
      expect.objectContaining({
        code: 'EVENT_INVALID',
        message: expect.stringContaining('time is 1s1ms ahead of the clock; it may be 1s'),
      }),
    )
    clock.advance(1)
    expect(job.push(early)).toBe(true)
    await job.drain()
  })

  it('is refused under the name the column has at the source, before and behind filters and in branches', async () => {
    const branched = pipeline(events)
      .filter(e => e.value.gt(0))
      .project(e => ({ at: e.time }))
      .tee('timed', branch => branch.eventTime('at', { maxFutureSkew: 0 }))
    const job = await branched.run({
      clock: new VirtualClock(NOW),
      sink: () => {},
      sinks: { timed: () => {} },
      errors: { source: 'skip' },
    })
    job.pushMany([
      { time: NOW, value: 1 },
      { time: NOW + 1, value: 1 },
    ])
    expect(await job.drain()).toMatchObject({ invalid: 1, skipped: 1, delivered: 1 })
  })

  it('can be refused for columns of the source only', () => {
    const made = pipeline(events).project(e => ({ at: e.value.toTimestamp(), time: e.time }))
    expect(() =>
      pipeline(events)
        .project(e => ({ at: e.time.floorTo(10) }))
        .eventTime('at', { maxFutureSkew: '1s' }),
    ).toThrow(expect.objectContaining({ code: 'PLAN_INVALID', at: 'at' }))
    expect(made.eventTime('time', { maxFutureSkew: '1s' }).explain()).toContain('at most 1s ahead of the clock')
  })

  it('is data that survives JSON', () => {
    const plan = limited().plan
    expect(pipelineFromJSON(JSON.stringify(limited())).plan).toEqual(plan)
    expect(() => pipeline(events).eventTime('time', { maxFutureSkew: -1 })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })
})
