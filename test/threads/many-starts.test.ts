import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import { count, f64, pipeline, schema, sum, timestamp, tumbling, utf8 } from '../../src/index.ts'
import { spawner } from '../../src/threads/spawn.ts'
import { bounded } from '../bounded.ts'
import { alive, started, watchWorkers } from './started-workers.ts'

watchWorkers()

const points = schema({ time: timestamp(), name: utf8(), x: f64() })
const MODULE = new URL('./row-functions.mjs', import.meta.url).href
const ROWS = Array.from({ length: 200 }, (_, i) => ({ time: i * 50, name: `name ${i % 7}`, x: i }))
const CONFIG = { bufferSize: 64, maxBatch: 16 }

interface Running {
  readonly done: Promise<unknown>
  pushMany(rows: typeof ROWS): unknown
  stop(options: { readonly drain: boolean }): Promise<unknown>
  drain(): Promise<unknown>
}
interface Runs {
  run(options: object): Promise<Running>
}

const windowed = pipeline(points, CONFIG)
  .eventTime('time')
  .keyBy('name')
  .window(tumbling('1s'))
  .aggregate(e => ({ rows: count(), sum: sum(e.x) })) as Runs
const staged = pipeline(points, CONFIG)
  .filterRows({ module: MODULE, export: 'all' }, { name: 'all' })
  .stage({ bufferSize: 8 })
  .filter(e => e.x.ge(0)) as Runs

const WAYS: readonly (readonly [name: string, plan: Runs, options: object, results: number])[] = [
  ['batches', windowed, { workers: 2 }, 70],
  ['keys', windowed, { workers: 2, distribution: 'keys' }, 70],
  ['stages', staged, {}, 200],
  ['restarts', windowed, { workers: 2, restart: {} }, 70],
]

/** What a job may leave behind. */
const held = (signal: AbortSignal) => ({
  threads: process.getActiveResourcesInfo().filter(name => name === 'Worker' || name === 'MessagePort'),
  atProcess: process.eventNames().map(name => [name, process.listenerCount(name)]),
  atSignal: getEventListeners(signal, 'abort').length,
})

it('jobs that start and end at once and one after the other share a signal, a module and a sink, and leave nothing', async () => {
  const { signal } = new AbortController()
  const before = held(signal)
  for (let round = 0; round < bounded(2, 60); round++) {
    const together: object[] = []
    await Promise.all(
      WAYS.map(async ([, plan, options]) => {
        const job = await plan.run({ ...options, signal, sink: together })
        await job.pushMany(ROWS)
        await job.drain()
      }),
    )
    expect(together.length).toBe(WAYS.reduce((rows, [, , , results]) => rows + results, 0))
    expect(alive.size).toBe(0)
    expect(held(signal)).toEqual(before)
  }
})

it.each(WAYS)(
  'jobs whose signal is aborted at any moment of their start end, and leave nothing: %s',
  async (...way) => {
    const [, plan, options] = way
    const delays = [undefined, 0, 1, 5, 10, 20, 40, 80, 160]
    for (const afterMs of delays.filter((_, i) => bounded(i % 5 === 0, true))) {
      const abort = new AbortController()
      const before = held(abort.signal)
      if (afterMs === undefined) abort.abort()
      else setTimeout(() => abort.abort(), afterMs)
      const job = await plan.run({ ...options, signal: abort.signal, sink: [] })
      const pushed = Promise.resolve(job.pushMany(ROWS)).catch(() => {})
      await job.done
      await pushed
      expect(alive.size).toBe(0)
      expect(held(abort.signal)).toEqual(before)
    }
  },
)

it.each(WAYS)('jobs that lose a thread while they start say so or go on, and leave nothing: %s', async (...way) => {
  const [, plan, options, results] = way
  const { signal } = new AbortController()
  const before = held(signal)
  for (const afterMs of [0, 5, 30, 60, 90, 120].filter((_, i) => bounded(i % 3 === 0, true))) {
    const first = started.length
    setTimeout(() => void started[first]?.terminate(), afterMs)
    const out: object[] = []
    const outcome = await plan
      .run({ ...options, signal, sink: out })
      .then(async job => {
        await job.pushMany(ROWS)
        await job.drain()
        return out.length
      })
      .catch(error => error.code)
    expect([results, 'STAGE_FAILED']).toContain(outcome)
    expect(alive.size).toBe(0)
    expect(held(signal)).toEqual(before)
  }
})

it('a thread is listened to once for its end, however often it is ended', async () => {
  const ends: string[] = []
  const spawn = await spawner(undefined)
  const thread = spawn({ message() {}, ended: reason => void ends.push(reason) })
  const before = started[0]!.listenerCount('exit')
  const ended = Promise.all(Array.from({ length: 20 }, () => thread.end()))
  expect([before, started[0]!.listenerCount('exit')]).toEqual([2, 3])
  await ended
  expect(ends).toHaveLength(1)
})
