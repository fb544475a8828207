import { describe, expect, it } from 'vitest'
import { count, ParallelPipeline, ProcessingStage, pipeline, pipelineFromJSON, sum, tumbling } from '../../src/index.ts'
import { events, eventsOf, textOf } from './events.ts'

const ROWS = eventsOf(1_000)

const parallel = ParallelPipeline.of(pipeline(events))
  .stage('kept', rows => rows.filter(e => e.n.gt(3)))
  .stage('seconds', rows =>
    rows
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('name')
      .window(tumbling('1s'))
      .aggregate(e => ({ rows: count(), sum: sum(e.x) })),
  )
  .stage('large', rows => rows.filter(r => r.rows.gt(1)))

const codeOf = (act: () => unknown): unknown => {
  try {
    return act()
  } catch (error) {
    return (error as { code?: string }).code
  }
}

describe('a parallel pipeline', () => {
  it('gives the rows of the same steps on one thread, in their order, each stage on a worker of its own', async () => {
    const one = pipeline(events)
      .filter(e => e.n.gt(3))
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('name')
      .window(tumbling('1s'))
      .aggregate(e => ({ rows: count(), sum: sum(e.x) }))
      .filter(r => r.rows.gt(1))
    const [mine, ones]: string[][] = [[], []]
    const job = await parallel.run({ sink: row => void mine!.push(textOf(row)) })
    const reference = await one.run({ sink: row => void ones!.push(textOf(row)) })
    for (const each of [job, reference]) {
      await each.pushMany(ROWS)
      await each.drain()
    }
    expect(job.mode).toEqual({ kind: 'stages', workers: parallel.workerThreads })
    expect(mine!.length).toBeGreaterThan(10)
    expect(mine).toEqual(ones)
  })

  it('has stages whose output is the input of the next', () => {
    const { stages } = parallel
    expect(stages.map(({ name }) => name)).toEqual(['kept', 'seconds', 'large'])
    expect(stages.every(stage => stage instanceof ProcessingStage)).toBe(true)
    expect(stages[0]!.input.fields).toEqual(events.fields)
    for (let i = 1; i < stages.length; i++) expect(stages[i]!.input).toBe(stages[i - 1]!.output)
    expect(stages.flatMap(({ steps }) => steps)).toEqual(parallel.pipeline.plan.nodes)
    expect(pipelineFromJSON(JSON.stringify(parallel.pipeline)).plan).toEqual(parallel.pipeline.plan)
  })

  it('does not change when another stage is added', () => {
    const start = ParallelPipeline.of(pipeline(events))
    const one = start.stage('kept', rows => rows.filter(e => e.flag))
    expect([start.stages.length, one.stages.length, start.workerThreads, one.workerThreads]).toEqual([0, 1, 0, 0])
  })

  it('of one stage runs on one thread', async () => {
    const out: number[] = []
    const one = ParallelPipeline.of(pipeline(events)).stage('kept', rows => rows.filter(e => e.n.gt(3)))
    const job = await one.run({ sink: row => void out.push(row.n) })
    await job.pushMany(ROWS)
    await job.drain()
    expect(job.mode.kind).toBe('thread')
    expect(out).toEqual(ROWS.map(({ n }) => n).filter(n => n > 3))
  })

  it('refuses what is no stage', async () => {
    const start = ParallelPipeline.of(pipeline(events))
    const one = start.stage('kept', rows => rows.filter(e => e.flag))
    const other = pipeline(events).filter(e => e.flag)
    expect(codeOf(() => ParallelPipeline.of(other))).toBe('PLAN_INVALID')
    expect(codeOf(() => start.stage('', rows => rows.filter(e => e.flag)))).toBe('PLAN_INVALID')
    expect(codeOf(() => one.stage('kept', rows => rows.filter(e => e.flag)))).toBe('PLAN_INVALID')
    expect(codeOf(() => one.stage('none', rows => rows))).toBe('PLAN_INVALID')
    expect(codeOf(() => one.stage('other', () => other))).toBe('PLAN_INVALID')
    expect(codeOf(() => one.stage('two', rows => rows.filter(e => e.flag).stage()))).toBe('PLAN_INVALID')
    await expect(start.run()).rejects.toMatchObject({ code: 'PLAN_INVALID' })
    await expect(parallel.run({ workers: 2 })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})
