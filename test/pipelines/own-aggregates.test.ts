import { describe, expect, it } from 'vitest'
import { sum } from '../../src/expression/aggregates.ts'
import { aggregateOf } from '../../src/expression/user-aggregate.ts'
import { pipeline } from '../../src/packaged.ts'
import { bool, f64, i32, i64, timestamp } from '../../src/schema/data-type.ts'
import { cumulate, hopping, tumbling } from '../../src/time/windows.ts'
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

  it('whose merge returns its second argument fails, where two windows would have one object', async () => {
    const own = (copy: (kept: { sum: number }) => { sum: number }) =>
      aggregateOf({
        name: 'mine',
        create: () => ({ sum: 0 }),
        add(kept, value: number) {
          kept.sum += value
          return kept
        },
        merge(kept, other) {
          if (kept.sum === 0) return copy(other)
          kept.sum += other.sum
          return kept
        },
        result: kept => kept.sum,
        returns: f64(),
      })
    const rows = Array.from({ length: 60 }, (_, i) => {
      return { time: i * 2 - ((i * 7) % 12), key: 'k', x: 1, n: 1 + ((i * 31) % 17), l: null, p: null, t: null }
    })
    for (const window of [
      hopping(15, 5),
      hopping(12, 5),
      cumulate(5, 20),
      hopping(15, 5, { allowedLateness: 30 }),
    ] as const) {
      let differing: unknown[] = []
      const runWith = async (copy: (kept: { sum: number }) => { sum: number }): Promise<void> => {
        const job = await pipeline(events, { engine: 'js' })
          .eventTime('time', { outOfOrdernessMs: 5 })
          .window(window as ReturnType<typeof hopping>)
          .aggregate(e => ({ mine: own(copy)(e.n), all: sum(e.n) }))
          .run({ source: rows, sink: row => void (row.mine === row.all || differing.push(row)) })
        await job.done
      }
      await expect(runWith(other => other)).rejects.toMatchObject({ code: 'STAGE_FAILED', at: 'mine' })
      differing = []
      await runWith(other => ({ ...other }))
      expect(differing).toEqual([])
    }
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
