import { describe, expect, it } from 'vitest'
import {
  collect,
  count,
  hopping,
  type LinkOptions,
  ParallelPipeline,
  type PipelineConfig,
  pipeline,
  pipelineFromJSON,
  sum,
  tumbling,
} from '../../src/index.ts'
import { bounded } from '../bounded.ts'
import { type Event, events, eventsOf, textOf } from './events.ts'
import { started, watchWorkers } from './started-workers.ts'

watchWorkers()

const ROWS = eventsOf(1_000).map((event, i) => ({ ...event, n: i }))
const MODULE = new URL('./row-functions.mjs', import.meta.url).href
const CONFIG: PipelineConfig = { bufferSize: 256, maxBatch: 32 }

/** All rows through a link to a stage that dawdles, or stands still. */
const linked = (link: LinkOptions | undefined, fn = 'slow', config = CONFIG) =>
  pipeline(events, config)
    .filter(e => e.n.ge(0))
    .stage(link)
    .filterRows({ module: MODULE, export: fn }, { name: fn })

async function pushAll(job: { pushMany(rows: never): unknown }, rows: readonly Event[] = ROWS): Promise<void> {
  for (let at = 0; at < rows.length; at += 50) await job.pushMany(rows.slice(at, at + 50) as never)
}

describe('a link with a strategy of its own', () => {
  it('names the option that asks for more rows than there is memory for', async () => {
    const job = linked({ bufferSize: 2 ** 24 }, 'slow', { ...CONFIG, maxMemory: 2 ** 22 }).run({ sink: [] })
    const message = expect.stringMatching(/raise maxMemory, or lower bufferSize$/)
    await expect(job).rejects.toMatchObject({ code: 'STATE_FULL', at: 'bufferSize', message })
  })

  it.each([
    { bufferSize: 40, backpressure: 'drop-oldest' },
    { bufferSize: 1, backpressure: 'drop-oldest' },
    { bufferSize: 40, backpressure: 'drop-newest' },
    { bufferSize: 7, backpressure: { kind: 'block', timeoutMs: 1 } },
    { bufferSize: 7, backpressure: 'block' },
    { bufferSize: 1 },
    { bufferSize: 4, backpressure: 'unbounded' },
  ] as const)('accounts for every row where the next stage is slow: %o', async link => {
    const out: Event[] = []
    const job = await linked(link).run({ sink: row => void out.push(row as Event) })
    expect(job.mode).toEqual({ kind: 'stages', workers: 2 })
    await pushAll(job)
    const summary = await job.drain()
    const { edges, workers } = job.metrics()
    const edge = edges.find(({ from }) => from === 'stage 1 of 2')!
    const kind = typeof link.backpressure === 'object' ? link.backpressure.kind : (link.backpressure ?? 'block')
    expect(edge).toMatchObject({ name: 'stage 1 of 2→stage 2 of 2', to: 'stage 2 of 2', strategy: kind, depth: 0 })
    expect(edges.indexOf(edge)).toBe(1)
    const dropped = edge.evicted + edge.rejectedFull + edge.rejectedTimeout
    expect([workers[0]!.numRecordsOut, workers[1]!.numRecordsIn, out.length]).toEqual([
      ROWS.length,
      ROWS.length - dropped,
      ROWS.length - dropped,
    ])
    expect(summary).toMatchObject({
      offered: 1_000,
      accepted: 1_000,
      delivered: 1_000,
      evicted: 0,
      droppedAtLinks: dropped,
    })
    expect(job.counts().droppedAtLinks).toBe(dropped)
    const ids = out.map(({ n }) => n)
    expect(ids).toEqual([...ids].sort((a, b) => a - b))
    expect(out.map(textOf)).toEqual(ids.map(id => textOf(ROWS[id]!)))
    if (kind !== 'unbounded') {
      expect(edge.highWaterMark).toBe(link.bufferSize)
      expect(edge.timesFull).toBeGreaterThan(0)
    }
    const lossy = { 'drop-oldest': edge.evicted, 'drop-newest': edge.rejectedFull } as Record<string, number>
    const isTimed = typeof link.backpressure === 'object'
    expect(isTimed ? edge.rejectedTimeout : (lossy[kind] ?? 0)).toBe(dropped)
    expect(dropped > 0).toBe(isTimed || kind in lossy)
    if (kind === 'drop-oldest') expect(ids.at(-1)).toBe(999)
    if (kind === 'drop-newest') expect(ids[0]).toBe(0)
  })

  it.each([{ bufferSize: 5 }, { bufferSize: 64, backpressure: 'unbounded' }] as const)(
    'gives the rows and counts of one thread where it drops none: %o',
    async link => {
      const plan = (isStaged: boolean) => {
        const filtered = pipeline(events, CONFIG).filter(e => e.n.gt(3))
        const windowed = (isStaged ? filtered.stage(link) : filtered)
          .eventTime('time', { outOfOrderness: '200ms', allowedLateness: '500ms' })
          .keyBy('name', 'tag')
          .window(tumbling('1s'))
          .aggregate(e => ({ rows: count(), sum: sum(e.x), flags: collect(e.flag) }))
        return (isStaged ? windowed.stage(link) : windowed).filter(e => e.rows.gt(0))
      }
      const [one, many] = await Promise.all(
        [false, true].map(async isStaged => {
          const out: string[] = []
          const job = await plan(isStaged).run({ sink: row => void out.push(textOf(row)) })
          await pushAll(job)
          return { summary: await job.drain(), out }
        }),
      )
      expect(one!.out.length).toBeGreaterThan(100)
      expect(many).toEqual(one)
    },
  )

  it.each(['drop-oldest', 'drop-newest'] as const)(
    'makes no row late by dropping others (%s), and loses no watermark, barrier or end',
    async backpressure => {
      const plan = (link: LinkOptions | undefined) => {
        const windowed = pipeline(events, CONFIG)
          .eventTime('time', { outOfOrderness: '200ms' })
          .keyBy('n')
          .window(hopping('1s', '500ms'))
          .aggregate(() => ({ rows: count() }))
        return (link === undefined ? windowed : windowed.stage(link))
          .filterRows({ module: MODULE, export: 'slow' }, { name: 'slow' })
          .window(tumbling('2s'))
          .aggregate(e => ({ rows: sum(e.rows) }))
      }
      const results = await Promise.all(
        [undefined, { bufferSize: 20, backpressure }].map(async link => {
          const out: { windowStart: number; rows: number }[] = []
          const job = await plan(link).run({ sink: row => void out.push(row as never) })
          await pushAll(job, ROWS.slice(0, 500))
          const { bytes } = await job.checkpoint()
          await pushAll(job, ROWS.slice(500))
          const summary = await job.drain()
          return { out, summary, bytes }
        }),
      )
      const [one, many] = results as [(typeof results)[0], (typeof results)[0]]
      const rowsOf = (out: typeof one.out) => out.reduce((sum, { rows }) => sum + rows, 0)
      expect(many.summary.numLateRecordsDropped).toBe(one.summary.numLateRecordsDropped)
      expect(many.summary.droppedAtLinks).toBeGreaterThan(0)
      expect(rowsOf(many.out)).toBe(rowsOf(one.out) - many.summary.droppedAtLinks)
      const job = await plan({ bufferSize: 20, backpressure }).run({ sink: [], restore: many.bytes })
      await job.drain()
    },
  )

  it.each([
    { bufferSize: 10, backpressure: 'error' },
    { bufferSize: 10, backpressure: { kind: 'unbounded', maxBytes: 2_000 } },
  ] as const)('fails the job where that is what it says: %o', async link => {
    const job = await linked(link).run({ sink: [] })
    void pushAll(job)
    await expect(job.done).rejects.toMatchObject({ code: 'BACKPRESSURE', at: 'stage 2 of 2' })
    expect(job.counts().droppedAtLinks).toBeGreaterThan(0)
  })

  it('lets a job be stopped, and a stage be lost, while it is full; what is in it stays in the books', async () => {
    const ways = [
      ['block', true],
      ['block', false],
      ['drop-oldest', true],
      ['drop-oldest', false],
    ] as const
    for (const [backpressure, isStopped] of ways.filter((_, way) => bounded(way % 3 === 0, true))) {
      const job = await linked({ bufferSize: 10, backpressure }, 'obeys').run({ sink: [] })
      const until = async (isSo: () => boolean) => {
        while (!isSo()) await new Promise(resolve => setTimeout(resolve, 1))
      }
      await job.pushMany([{ ...ROWS[0]!, n: 43 }])
      await until(() => job.metrics().workers[1]!.numRecordsIn === 1)
      const pushed = pushAll(job, ROWS.slice(100, 400)).catch(() => {})
      await until(() => job.metrics().edges[1]!.depth === 10)
      if (isStopped) await job.stop({ drain: false })
      else {
        await started.at(-1)!.terminate()
        await expect(job.done).rejects.toMatchObject({ message: 'stage 2 of 2 exited with code 1' })
      }
      await pushed
      const { depth, rejectedFull } = job.metrics().edges[1]!
      expect(depth).toBe(10)
      expect(rejectedFull).toBe(0)
      const { offered, accepted, delivered, queued, rejectedClosed } = job.counts()
      expect([accepted - delivered - queued, offered - accepted - rejectedClosed]).toEqual([0, 0])
    }
  })

  it('goes on with workers that are started anew where it drops nothing; where it may, that is refused', async () => {
    const plan = linked({ bufferSize: 9 }, 'all')
    const out: number[] = []
    const job = await plan.run({ sink: row => void out.push(row.n), restart: { attempts: 50, logBytes: 4_096 } })
    for (let at = 0; at < ROWS.length; at += 50) {
      await job.pushMany(ROWS.slice(at, at + 50))
      if (at % 300 === 0) void started.at(at % 600 === 0 ? -1 : -2)!.terminate()
    }
    const { restarts, droppedAtLinks } = await job.drain()
    expect(restarts).toBeGreaterThan(0)
    expect(droppedAtLinks).toBe(0)
    expect(out).toEqual(ROWS.map(({ n }) => n))
    const { depth, evicted } = job.metrics().edges[1]!
    expect([depth, evicted]).toEqual([0, 0])
    for (const backpressure of ['drop-oldest', 'drop-newest', { kind: 'block', timeoutMs: 5 }] as const)
      await expect(linked({ backpressure }).run({ sink: [], restart: {} })).rejects.toMatchObject({
        code: 'OPTION_INVALID',
        at: 'restart',
      })
  })
})

describe('what is said of a link', () => {
  it('travels with the plan, and is shown', () => {
    const plan = linked({ bufferSize: 40, backpressure: { kind: 'block', timeoutMs: 5 } })
      .stage({ backpressure: 'drop-newest' })
      .filter(e => e.flag)
      .stage()
      .filter(e => e.n.lt(9))
      .stage({ bufferSize: 3, backpressure: { kind: 'unbounded', maxBytes: 100 } })
      .filter(e => e.n.lt(8))
      .named('last')
    expect(plan.plan.links).toEqual([
      { at: 1, bufferSize: 40, backpressure: { kind: 'block', timeoutMs: 5 } },
      { at: 2, backpressure: { kind: 'drop-newest' } },
      { at: 4, bufferSize: 3, backpressure: { kind: 'unbounded', maxBytes: 100 } },
    ])
    const again = pipelineFromJSON(JSON.stringify(plan), { allowModules: true })
    expect(again.plan).toEqual(plan.plan)
    expect(again.explain().match(/^stage.*$/gm)).toEqual([
      'stage       40 rows, block for at most 5 ms',
      'stage       drop-newest',
      'stage',
      'stage       3 rows, unbounded up to 100 bytes',
    ])
  })

  it('is a parameter of stages with names, but of the first', async () => {
    const start = ParallelPipeline.of(pipeline(events, CONFIG)).stage('kept', rows => rows.filter(e => e.n.ge(0)))
    const parallel = start.stage('few', rows => rows.filter(e => e.n.lt(5)), { bufferSize: 2 })
    expect(parallel.pipeline.plan.links).toEqual([{ at: 1, bufferSize: 2, backpressure: { kind: 'block' } }])
    const out: number[] = []
    const job = await parallel.run({ sink: row => void out.push(row.n) })
    await job.pushMany(ROWS.slice(0, 50))
    await job.drain()
    expect(out).toEqual([0, 1, 2, 3, 4])
    expect(() =>
      ParallelPipeline.of(pipeline(events)).stage('kept', rows => rows.filter(e => e.flag), { bufferSize: 2 }),
    ).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }))
  })

  it.each([
    { bufferSize: 0 },
    { bufferSize: 1.5 },
    { bufferSize: 2 ** 26 + 1 },
    { backpressure: 'backof' },
    { backpressure: { kind: 'block', timeoutMs: -1 } },
    { backpressure: { kind: 'unbounded', maxBytes: 0 } },
    { capacity: 5 },
  ])('is refused where it is wrong: %o', link => {
    expect(() => linked(link as LinkOptions)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  it.each([
    { kind: 'backoff', initialMs: 1, factor: 2, maxMs: 8, attempts: 3 },
    { kind: 'circuit-breaker', failureThreshold: 3, recoveryMs: 100 },
  ])('is no strategy for somebody who pushes: %o', backpressure => {
    expect(() => linked({ backpressure } as never)).toThrow(/nobody pushes there who could be refused/)
  })

  it.each([
    ['at no stage', [{ at: 2 }]],
    ['twice', [{ at: 1 }, { at: 1 }]],
    ['more often than there are stages', [{ at: 1 }, { at: 1 }, { at: 1 }]],
    ['that is none', ['drop-oldest']],
    ['with a strategy that needs a caller', [{ at: 1, backpressure: { kind: 'circuit-breaker' } }]],
  ])('is refused in a plan from elsewhere: %s', (_, links) => {
    const plan = { ...linked(undefined).plan, links }
    expect(() => pipelineFromJSON(plan as never, { allowModules: true })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(PLAN|OPTION)_INVALID$/) }),
    )
  })

  it('does nothing on one thread, where there are no links', async () => {
    const out: number[] = []
    const job = await pipeline(events, CONFIG)
      .filter(e => e.n.ge(0))
      .stage({ bufferSize: 1, backpressure: 'drop-oldest' })
      .filterRows(() => true, { name: 'here' })
      .run({ sink: row => void out.push(row.n) })
    expect(job.mode.kind).toBe('thread')
    await job.pushMany(ROWS)
    expect((await job.drain()).droppedAtLinks).toBe(0)
    expect(out.length).toBe(ROWS.length)
  })
})
