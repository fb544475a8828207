import { describe, expect, it } from 'vitest'
import { EventfluxError } from '../../src/errors.ts'
import { min } from '../../src/expression/aggregates.ts'
import { ema } from '../../src/expression/change-aggregates.ts'
import { maxForever, minForever } from '../../src/expression/choice-aggregates.ts'
import { aggregateOf } from '../../src/expression/user-aggregate.ts'
import { pipeline } from '../../src/packaged.ts'
import type { AlignedOptions, AlignedSpec } from '../../src/time/aligned-windows.ts'
import { session } from '../../src/time/session-windows.ts'
import { cumulate, hopping, tumbling } from '../../src/time/windows.ts'
import { events } from './aggregate-events.ts'
import { ENGINES } from './run-plan-rows.ts'

describe('minForever and maxForever', () => {
  it.each(ENGINES)(
    'remember every key in all windows that came out, though ids of other keys come and go, on %s',
    async engine => {
      const job = pipeline(events, { engine, maxKeys: 64 })
        .eventTime('time')
        .keyBy('n')
        .window(tumbling(10))
        .aggregate(e => ({ now: min(e.x), least: minForever(e.x), most: maxForever(e.l) }))
      const found: { n: number; now: number | null; least: number | null; most: bigint | null }[] = []
      const running = await job.run({ sink: row => void found.push(row) })
      const best = new Map<number, { least: number | null; most: bigint | null }>()
      const wanted: unknown[] = []
      for (let window = 0; window < 40; window++) {
        // Key 0 comes in every window, and each of the others in two far apart.
        for (const n of [0, 1 + (window % 20)]) {
          const x = n === 0 && window % 3 === 0 ? null : (window * 7 + n) % 11
          const l = window % 4 === 3 ? null : BigInt((window * 5 + n) % 13)
          await running.push({ time: window * 10, key: 'k', x, n, l, p: null, t: null })
          const { least = null, most = null } = best.get(n) ?? {}
          const now = {
            least: x === null || (least !== null && least < x) ? least : x,
            most: l === null || (most !== null && most > l) ? most : l,
          }
          best.set(n, now)
          wanted.push({ windowStart: window * 10, windowEnd: window * 10 + 10, n, now: x, ...now })
        }
      }
      await running.drain()
      expect(found).toEqual(wanted)
    },
  )

  it('end the job with STATE_FULL when there are more keys than maxKeys', async () => {
    const job = pipeline(events, { engine: 'js', maxKeys: 8 })
      .eventTime('time')
      .keyBy('n')
      .window(tumbling(10))
      .aggregate(e => ({ least: minForever(e.x) }))
    const running = await job.run({ sink: () => {} })
    const push = async (): Promise<void> => {
      for (let i = 0; i < 3000; i++)
        await running.push({ time: i * 10, key: 'k', x: 1, n: i * 1000, l: null, p: null, t: null })
      await running.drain()
    }
    await expect(push()).rejects.toMatchObject({ code: 'STATE_FULL' })
  })
})

describe('ema by alpha', () => {
  const OPTIONS: readonly AlignedOptions[] = [
    {},
    { allowedLateness: 20 },
    { early: { rows: 2 } },
    { early: { everyEventTime: 5 } },
  ]

  it.each(ENGINES)('goes by order of arrival in a tumbling window, on %s', async engine => {
    const found: unknown[] = []
    const job = await pipeline(events, { engine })
      .eventTime('time')
      .window(tumbling(100))
      .aggregate(e => ({ smooth: ema(e.x, { alpha: 0.25 }) }))
      .run({ sink: row => void found.push(row.smooth) })
    for (const [i, x] of [4, null, 8, 0].entries())
      await job.push({ time: 50 - i, key: 'k', x, n: 0, l: null, p: null, t: null })
    await job.push({ time: 100, key: 'k', x: null, n: 0, l: null, p: null, t: null })
    await job.drain()
    expect(found).toEqual([(4 * 0.75 + 8 * 0.25) * 0.75, null])
  })

  it('is refused where windows overlap, and so is an aggregate without merge', () => {
    const alone = aggregateOf({
      name: 'alone',
      create: () => 0,
      add: (kept, x: number) => kept + x,
      result: kept => kept,
    })
    const stream = pipeline(events).eventTime('time')
    for (const window of [
      hopping(10, 5),
      cumulate(5, 10),
      session(5),
      tumbling(10, { firing: 'retracting', allowedLateness: 5 }),
    ]) {
      const over = stream.window(window as ReturnType<typeof hopping>)
      for (const build of [
        () => over.aggregate(e => ({ a: ema(e.x, { alpha: 0.5 }) })),
        () => over.aggregate(e => ({ a: alone(e.n) })),
      ]) {
        expect(build).toThrow(EventfluxError)
        expect(build).toThrow(/overlap or merge/)
      }
    }
    expect(() =>
      stream.window(tumbling(10)).aggregate(e => ({ a: alone(e.n), b: ema(e.x, { alpha: 0.5 }) })),
    ).not.toThrow()
  })

  it.each(ENGINES)('is taken where a row belongs to one window, whatever the window is called, on %s', async engine => {
    const arrived = aggregateOf({
      create: (): number[] => [],
      add: (kept, n: number) => [...kept, n],
      result: kept => kept.join(),
    })
    const rows = [1, 12, 3, 14, 25, 6, 17, 28, 9, 39].map((time, n) => {
      return { time, key: 'k', x: n * n, n, l: null, p: null, t: null }
    })
    const resultsIn = async (window: AlignedSpec, outOfOrdernessMs: number) => {
      const found: unknown[] = []
      const job = await pipeline(events, { engine })
        .eventTime('time', { outOfOrdernessMs })
        .window(window)
        .aggregate(e => ({ order: arrived(e.n), smooth: ema(e.x, { alpha: 0.5 }) }))
        .run({ source: rows, sink: row => void found.push(row) })
      await job.done
      return found
    }
    for (const outOfOrdernessMs of [0, 12])
      for (const options of OPTIONS) {
        const wanted = await resultsIn(tumbling(10, options), outOfOrdernessMs)
        expect(wanted.length).toBeGreaterThan(2)
        expect(await resultsIn(hopping(10, 10, options), outOfOrdernessMs)).toEqual(wanted)
        expect(await resultsIn(cumulate(10, 10, options), outOfOrdernessMs)).toEqual(wanted)
      }
    expect(await resultsIn(hopping(5, 10, { sampling: true }), 40)).toEqual([
      { windowStart: 0, windowEnd: 5, order: '0,2', smooth: 2 },
      { windowStart: 10, windowEnd: 15, order: '1,3', smooth: 5 },
    ])
  })
})
