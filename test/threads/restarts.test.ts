import { createRequire } from 'node:module'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { collect, count, last, memoryStore, type PipelineConfig, pipeline, sum, tumbling } from '../../src/index.ts'
import type { RunOptions } from '../../src/runtime/run-options.ts'
import { events, eventsOf, sorted } from './events.ts'

const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker }
const { Worker: Original } = threads

/** The threads that are there. */
const alive = new Set<Worker>()

beforeEach(() => {
  threads.Worker = class extends Original {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args)
      alive.add(this)
      this.once('exit', () => alive.delete(this))
    }
  }
})
afterEach(() => {
  threads.Worker = Original
  expect(alive.size).toBe(0)
})

const MODULE = new URL('./row-functions.mjs', import.meta.url).href
const ROWS = eventsOf(3_000).map(event => ({ ...event, n: event.n % 40 }))

const shards = (config: PipelineConfig) =>
  pipeline(events, config)
    .eventTime('time', { outOfOrderness: '200ms' })
    .filterRows({ module: MODULE, export: 'obeys' }, { name: 'obeys' })
    .keyBy('name', 'tag')
    .window(tumbling('500ms'))
    .aggregate(e => ({ rows: count(), sum: sum(e.x), tags: collect(e.flag), last: last(e.name) }))
const stages = (config: PipelineConfig) =>
  pipeline(events, config)
    .filter(e => e.n.gt(3))
    .stage()
    .eventTime('time', { outOfOrderness: '200ms' })
    .keyBy('name')
    .window(tumbling('500ms'))
    .aggregate(e => ({ rows: count(), sum: sum(e.x) }))
    .stage()
    .filter(e => e.rows.gt(1))

type Plan = typeof shards

/** Runs the rows through; `disturb` is called before each of the blocks. */
async function run(plan: Plan, options: RunOptions<never, never>, disturb = (_block: number): void => {}) {
  const out: object[] = []
  const job = await plan({ maxBatch: 64, bufferSize: 256 }).run({
    ...(options as object),
    sink: (row: object) => void out.push(row),
  })
  for (let at = 0; at < ROWS.length; at += 50) {
    disturb(at / 50)
    await job.pushMany(ROWS.slice(at, at + 50))
    if (at % 500 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  const summary = await job.drain()
  return { out, summary }
}

const anyOf = (workers: ReadonlySet<Worker>): Worker => [...workers][Math.floor(Math.random() * workers.size)]!

describe('workers that are started anew', () => {
  it.each([
    ['shards', shards, { workers: 2 }],
    ['stages', stages as unknown as Plan, {}],
  ] as const)('make no difference to rows, counts and order of keys: %s', async (_, plan, options) => {
    const one = await run(plan, {
      ...options,
    })
    let kills = 0
    const { out, summary } = await run(
      plan,
      {
        ...options,
        restart: { attempts: 100, logBytes: 4_096 },
        checkpoint: { store: memoryStore(), everyEvents: 700 },
      },
      block => {
        if (block % 5 !== 2) return
        kills++
        void anyOf(alive)?.terminate()
      },
    )
    expect(kills).toBe(12)
    expect(sorted(out)).toEqual(sorted(one.out))
    expect(summary.restarts).toBeGreaterThan(0)
    expect({ ...summary, restarts: 0 }).toEqual(one.summary)
  })

  it('are given up when they fail on the same rows again and again', async () => {
    const starts: number[] = []
    const job = await shards({ maxBatch: 64 }).run({
      workers: 2,
      sink: [],
      restart: { attempts: 2, onRestart: ({ attempt }) => void starts.push(attempt) },
    })
    await job.pushMany([{ ...ROWS[0]!, n: 41 }])
    await expect(job.drain()).rejects.toMatchObject({ code: 'STAGE_FAILED', at: 'obeys' })
    expect(starts).toEqual([1, 2])
  })

  it('may be lost while they are started anew, and the job be stopped', async () => {
    const job = await shards({ maxBatch: 64 }).run({ workers: 2, sink: [], restart: { attempts: 1_000 } })
    await job.pushMany(ROWS.slice(0, 200))
    for (let kill = 0; kill < 10; kill++) {
      for (const worker of alive) void worker.terminate()
      await new Promise(resolve => setTimeout(resolve, 7))
    }
    await job.stop({ drain: false })
    expect(job.state).toBe('stopped')
  })

  it.each([{ attempts: 0 }, { delayMs: -1 }, { logBytes: 1.5 }])('%o is refused', async restart => {
    await expect(shards({}).run({ workers: 2, sink: [], restart })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})
