import { describe, expect, it } from 'vitest'
import {
  collect,
  count,
  desc,
  hopping,
  type PipelineConfig,
  pipeline,
  pipelineFromJSON,
  sum,
  tumbling,
} from '../../src/index.ts'
import type { Job } from '../../src/job.ts'
import { takingTurns } from '../bounded.ts'
import { type Event, events, eventsOf, textOf } from './events.ts'

const ROWS = eventsOf(1_500)
const MODULE = new URL('./row-functions.mjs', import.meta.url).href

/** The same pipeline in one stage, and in several. */
const plans = {
  'rows, a window, and conditions on its results': (config: PipelineConfig, isStaged: boolean) => {
    const rows = pipeline(events, config)
      .filterRows({ module: MODULE, export: 'all' })
      .filter(e => e.n.gt(3))
    const windowed = (isStaged ? rows.stage() : rows)
      .eventTime('time', { outOfOrderness: '200ms', allowedLateness: '500ms' })
      .keyBy('name', 'tag')
      .window(tumbling('1s'))
      .aggregate(e => ({ rows: count(), sum: sum(e.x), flags: collect(e.flag) }))
    return (isStaged ? windowed.stage() : windowed).filter(e => e.rows.gt(1))
  },
  'a window without a key, an order, and another window': (config: PipelineConfig, isStaged: boolean) => {
    const windowed = pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('n')
      .window(hopping('1s', '500ms'))
      .aggregate(e => ({ rows: count(), sum: sum(e.big) }))
    const ranked = (isStaged ? windowed.stage() : windowed).orderBy(e => desc(e.rows)).limit(5)
    return (isStaged ? ranked.stage() : ranked)
      .window(tumbling('2s'))
      .aggregate(e => ({ windows: count(), rows: sum(e.rows) }))
  },
  'rows that are thinned out': (config: PipelineConfig, isStaged: boolean) => {
    const rows = pipeline(events, config).filter(e => e.n.gt(3))
    const thinned = (isStaged ? rows.stage() : rows).output('last', { everyRows: 7, by: ['n'] })
    return (isStaged ? thinned.stage() : thinned).filter(e => e.x.ne(0))
  },
}

async function run(plan: { run(options: object): Promise<Job<never, never>> }, rows: readonly Event[] = ROWS) {
  const out: string[] = []
  const job = await plan.run({ sink: (row: object) => void out.push(textOf(row)) })
  for (let at = 0; at < rows.length; at += 50) await job.pushMany(rows.slice(at, at + 50) as never)
  await job.flush()
  const explained = job.explain()
  return { out, summary: await job.drain(), mode: job.mode, explained }
}

describe('stages on workers of their own', () => {
  const configs = [{ maxBatch: 4_096 }, { maxBatch: 7, engine: 'js' }] as const
  const names = Object.keys(plans)
  it.each(Object.entries(plans))('give the rows of one thread, in their order: %s', async (name, plan) => {
    const one = await run(plan({ engine: 'js' }, false) as never)
    expect(one.out.length).toBeGreaterThan(5)
    for (const config of takingTurns(names.indexOf(name), configs)) {
      const many = await run(plan(config, true) as never)
      expect(many.mode).toEqual({ kind: 'stages', workers: 3 })
      expect(many.out).toEqual(one.out)
      expect(many.summary).toEqual(one.summary)
    }
  })

  it('hold each other up where a sink is slow, and lose nothing', async () => {
    const plan = plans['rows, a window, and conditions on its results']({ bufferSize: 64, maxBatch: 16 }, true)
    const out: string[] = []
    const job = await plan.run({
      sink: async row => {
        if (out.push(textOf(row)) % 16 === 0) await new Promise(resolve => setTimeout(resolve, 1))
      },
    })
    for (let at = 0; at < ROWS.length; at += 50) await job.pushMany(ROWS.slice(at, at + 50))
    await job.drain()
    const one = await run(plans['rows, a window, and conditions on its results']({}, false) as never)
    expect(out).toEqual(one.out)
  })

  it('send side branches from any of them', async () => {
    const plan = pipeline(events)
      .filter(e => e.n.gt(10))
      .stage()
      .tee('flagged', branch => branch.filter(e => e.flag))
      .stage()
      .filter(e => e.n.lt(40))
    const branch: string[] = []
    const out: string[] = []
    const job = await plan.run({
      sink: row => void out.push(textOf(row)),
      sinks: { flagged: (row: object) => void branch.push(textOf(row)) },
    })
    await job.pushMany(ROWS)
    await job.drain()
    const kept = ROWS.filter(({ n }) => n > 10)
    expect(job.mode.kind).toBe('stages')
    expect(out.length).toBe(kept.filter(({ n }) => n < 40).length)
    expect(branch.length).toBe(kept.filter(({ flag }) => flag).length)
  })

  it('travel with the plan, and are shown', async () => {
    const plan = plans['rows, a window, and conditions on its results']({}, true)
    const again = pipelineFromJSON(JSON.stringify(plan), { allowModules: true })
    expect(again.plan).toEqual(plan.plan)
    const { explained } = await run(plan as never, ROWS.slice(0, 100))
    expect(explained.split('\n')[0]).toBe('threads     3 workers, each for a stage')
    expect(explained.split('\n').filter(line => line === 'stage')).toHaveLength(2)
  })

  it('that fail end the job, and are named', async () => {
    const plan = pipeline(events)
      .filter(e => e.n.gt(3))
      .stage()
      .filterRows({ module: MODULE, export: 'obeys' }, { name: 'obeys' })
    const job = await plan.run({ sink: () => {} })
    job.push({ ...ROWS[0]!, n: 42 })
    await expect(job.done).rejects.toMatchObject({ code: 'STAGE_FAILED', message: 'stage 2 of 2 exited with code 7' })
  })
})

describe('stage()', () => {
  it.each([
    ['before the first step', () => pipeline(events).stage()],
    ['between the event time and a window', () => pipeline(events).eventTime('time').stage()],
    ['in a branch', () => pipeline(events).tee('side', branch => branch.filter(e => e.flag).stage())],
    [
      'out of a plan that has it there',
      () =>
        pipelineFromJSON({
          ...pipeline(events)
            .eventTime('time')
            .filter(e => e.flag).plan,
          stages: [1],
        }),
    ],
    ['that is none', () => pipelineFromJSON({ ...pipeline(events).filter(e => e.flag).plan, stages: ['1'] })],
  ])('is refused %s', (_, build) => {
    expect(build).toThrow(expect.objectContaining({ code: 'PLAN_INVALID' }))
  })

  it('runs on one thread where a function of this program is in a stage, and says so', async () => {
    const job = await pipeline(events)
      .filter(e => e.flag)
      .stage()
      .filterRows(() => true, { name: 'all' })
      .run({ sink: () => {} })
    expect(job.mode).toMatchObject({ kind: 'thread', reason: expect.stringContaining('holds a function') })
    await job.stop()
    await expect(
      pipeline(events)
        .filter(e => e.flag)
        .stage()
        .run({ workers: 2 }),
    ).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
  })
})
