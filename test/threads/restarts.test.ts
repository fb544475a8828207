import { describe, expect, it } from 'vitest'
import { stageFailed } from '../../src/errors.ts'
import { collect, count, last, memoryStore, type PipelineConfig, pipeline, sum, tumbling } from '../../src/index.ts'
import type { EvaluationContext } from '../../src/operators/evaluator/evaluation-frame.ts'
import type { RunOptions } from '../../src/runtime/run-options.ts'
import { FrameRing, frameRingMemory } from '../../src/threads/frame-ring.ts'
import { FRAME } from '../../src/threads/frames.ts'
import { Gather } from '../../src/threads/gather.ts'
import { Restarts } from '../../src/threads/restarts.ts'
import type { NewStart } from '../../src/threads/worker-pool.ts'
import type { StatesOfWorkers } from '../../src/threads/worker-states.ts'
import { systemClock } from '../../src/time/clock.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { bounded } from '../bounded.ts'
import { events, eventsOf, sorted } from './events.ts'
import { alive, type started, watchWorkers } from './started-workers.ts'

watchWorkers()

const MODULE = new URL('./row-functions.mjs', import.meta.url).href
const ROWS = eventsOf(3_000).map(event => ({ ...event, n: event.n % 40 }))
const BLOCK = 50
/** After how many blocks a worker is lost. */
const KILL_EVERY = bounded(12, 5)

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
  for (let at = 0; at < ROWS.length; at += BLOCK) {
    disturb(at / BLOCK)
    await job.pushMany(ROWS.slice(at, at + BLOCK))
    if (at % 500 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  const summary = await job.drain()
  return { out, summary }
}

const anyOf = <T>(all: ReadonlySet<T>): T => [...all][Math.floor(Math.random() * all.size)]!

describe('workers that are started anew', () => {
  it.each([
    ['shards', shards, { workers: 2 }],
    ['shards in the order of one thread', shards, { workers: 2, order: 'global' }],
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
        if (block % KILL_EVERY !== 2) return
        kills++
        void anyOf(alive)?.terminate()
      },
    )
    expect(kills).toBe(ROWS.length / BLOCK / KILL_EVERY)
    if ('order' in options) expect(out).toEqual(one.out)
    else expect(sorted(out)).toEqual(sorted(one.out))
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
    const killed = new Set<(typeof started)[number]>()
    for (let kill = 0; kill < 10; kill++) {
      for (const worker of alive) {
        if (killed.has(worker)) continue
        killed.add(worker)
        void worker.terminate()
      }
      await new Promise(resolve => setTimeout(resolve, 7))
    }
    await job.stop({ drain: false })
    expect(job.state).toBe('stopped')
  })

  it('leave no timer behind where the job is stopped while it waits for them', async () => {
    const clock = new VirtualClock(0)
    let wait = (): void => {}
    const waits = new Promise<void>(resolve => {
      wait = resolve
    })
    const restart = { delayMs: 60_000, onRestart: () => wait() }
    const job = await shards({ maxBatch: 64 }).run({ workers: 2, sink: [], clock, restart })
    await job.pushMany(ROWS.slice(0, 200))
    void anyOf(alive).terminate()
    await waits
    expect(clock.nextTimerMs).toBe(60_000)
    await job.stop({ drain: false })
    expect([job.state, clock.nextTimerMs]).toEqual(['stopped', Number.POSITIVE_INFINITY])
  })

  it.each([{ attempts: 0 }, { delayMs: -1 }, { logBytes: 1.5 }])('%o is refused', async restart => {
    await expect(shards({}).run({ workers: 2, sink: [], restart })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})

it('what workers had done that are started anew is not done before they have done it once more', () => {
  const rings = [0, 1].map(() => new FrameRing(frameRingMemory(4_096, 1), 1))
  const workers = rings.map(ring => ({ ring, streams: [], answers: true }))
  const gather = new Gather(workers, {} as EvaluationContext, () => {})
  const done = (worker: number): void => {
    rings[worker]!.claim(8)
    rings[worker]!.publish(FRAME.done, 1, 0)
    gather.pump()
  }
  done(0)
  gather.restart(undefined)
  done(1)
  expect(gather.isDone(1)).toBe(false)
  done(0)
  expect(gather.isDone(1)).toBe(true)
})

describe('a barrier that all came to before a worker was lost', () => {
  /** A job of one worker that keeps the sum of its frames, and is lost with everything behind `barrierTaken` to be taken. */
  async function lostAround(barrierTaken: 'before' | 'while it ends') {
    const input = new FrameRing(frameRingMemory(4_096, 1), 1)
    let taken = 0
    let ended = (): void => {}
    let start: (NewStart & { readonly since: unknown }) | undefined
    let since: unknown
    let keep: (states: StatesOfWorkers) => void = () => {}
    const restarts = new Restarts(
      {},
      {
        input,
        clock: systemClock,
        gather: {
          taken: () => [[taken]],
          restart: given => {
            since = given?.[0]?.[0]
          },
        },
        states: {
          at: () =>
            new Promise(resolve => {
              keep = resolve
            }),
          restart: () => {},
        },
        pool: {
          begin: () => {},
          async restart(between) {
            await new Promise<void>(resolve => {
              ended = resolve
            })
            input.reset()
            start = { ...between(), since }
            return true
          },
        },
        texts: () => undefined,
        between: () => {},
        ready: () => {},
      },
    )
    const send = (value: number, kind: number = FRAME.tick): void => {
      input.f64[input.claim(8) >>> 3] = value
      input.publish(kind, 0, 0)
    }
    send(1)
    send(2)
    send(-1, FRAME.barrier)
    restarts.sent(-1)
    send(4)
    const sections = [{ name: 'sum', bytes: Uint8Array.of(3) }]
    keep({ parts: [sections], counts: [Float64Array.of(2)], clocks: [7], pauseNs: 0 } as StatesOfWorkers)
    await Promise.resolve()
    const take = (): void => {
      taken = 2
      restarts.aligned(-1)
      taken = 3
    }
    if (barrierTaken === 'before') take()
    restarts.lost(stageFailed('gone', { at: 'worker 1 of 1' }))
    if (barrierTaken === 'while it ends') take()
    ended()
    await new Promise(resolve => setTimeout(resolve, 0))
    expect(restarts.isThrough()).toBe(true)
    const replayed: number[] = []
    for (let at = input.poll(0); at >= 0; at = input.poll(0)) {
      replayed.push(input.f64[at >>> 3]!)
      input.release(0)
    }
    return {
      parts: start?.orders?.map(({ parts }) => parts),
      counts: start?.counts,
      clocks: start?.clocks,
      since: start?.since,
      replayed,
    }
  }

  it.each(['before', 'while it ends'] as const)(
    'is what its state, counts and frames go on from: taken %s',
    async when => {
      const { parts, counts, clocks, since, replayed } = await lostAround(when)
      expect(parts).toEqual([[[{ name: 'sum', bytes: Uint8Array.of(3) }]]])
      expect(counts).toEqual([Float64Array.of(2)])
      expect(clocks).toEqual([7])
      expect(since).toBe(2)
      expect(replayed).toEqual([4])
    },
  )
})
