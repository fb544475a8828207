import { describe, expect, it } from 'vitest'
import { aggregateOf } from '../../src/expression/user-aggregate.ts'
import { pipeline } from '../../src/packaged.ts'
import { bool, f64, i32, i64, timestamp } from '../../src/schema/data-type.ts'
import { tumbling } from '../../src/time/windows.ts'
import { events, span } from './aggregate-events.ts'

describe('an aggregate of one’s own', () => {
  const run = async (build: () => ReturnType<typeof aggregateOf>): Promise<unknown> => {
    const job = await pipeline(events, { engine: 'js' })
      .eventTime('time')
      .window(tumbling(10))
      .aggregate(e => ({ own: build()(e.n as never) as never }))
      .run({ sink: () => {} })
    await job.push({ time: 0, key: 'k', x: 1, n: 1, l: null, p: null, t: null })
    return job.drain()
  }
  const whole = { create: () => 0, add: (kept: number) => kept, result: (kept: number): unknown => kept }

  it('that throws ends the job with STAGE_FAILED, and keeps what was thrown', async () => {
    const cause = new RangeError('no')
    const fail = () => {
      throw cause
    }
    for (const broken of [{ create: fail }, { add: fail }, { result: fail }])
      await expect(run(() => aggregateOf({ ...whole, name: 'mine', ...broken } as never))).rejects.toMatchObject({
        code: 'STAGE_FAILED',
        at: 'mine',
        cause,
      })
  })

  it('that returns what its type does not take ends the job with STAGE_FAILED', async () => {
    for (const [returns, given] of [
      [f64(), null],
      [f64(), '1'],
      [i32(), 1.5],
      [i64(), 1],
      [bool().nullable(), 0],
      [timestamp(), Number.NaN],
    ] as const)
      await expect(run(() => aggregateOf({ ...whole, result: () => given, returns } as never))).rejects.toMatchObject({
        code: 'STAGE_FAILED',
      })
  })

  it('is one of its own even where another looks the same', async () => {
    const adding = (by: number) => aggregateOf({ create: () => 0, add: kept => kept + by, result: kept => kept })
    const found: unknown[] = []
    const job = await pipeline(events, { engine: 'js' })
      .eventTime('time')
      .window(tumbling(10))
      .aggregate(() => ({ one: adding(1)(), ten: adding(10)() }))
      .run({ sink: ({ one, ten }) => void found.push([one, ten]) })
    for (const time of [0, 1]) await job.push({ time, key: 'k', x: 1, n: 1, l: null, p: null, t: null })
    await job.drain()
    expect(found).toEqual([[2, 20]])
  })

  it('is refused by toJSON, by name', () => {
    const plan = pipeline(events)
      .eventTime('time')
      .window(tumbling(10))
      .aggregate(e => ({ span: span(e.n) }))
    expect(() => plan.toJSON()).toThrow(/"span"/)
  })
})
