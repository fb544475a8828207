import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import {
  avg,
  collect,
  count,
  cumulate,
  desc,
  distinctCount,
  first,
  hopping,
  last,
  max,
  type PipelineConfig,
  pipeline,
  session,
  sum,
  tumbling,
} from '../../src/index.ts'
import type { RunOptions } from '../../src/runtime/run-options.ts'
import { takingTurns } from '../bounded.ts'
import { type Event, events, eventsOf, sorted, textOf } from './events.ts'
import { type AnyPlan, runToEnd } from './run-to-end.ts'

const ROWS = eventsOf(2_000)

/** Pipelines whose rows can be dealt out by keys, and what of them is done once. */
const plans = {
  'a tumbling window by a text, with conditions before and behind': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .filter(e => e.n.gt(5))
      .keyBy('name')
      .window(tumbling('1s'))
      .aggregate(e => ({ rows: count(), sum: sum(e.x), top: max(e.n), first: first(e.tag), tags: collect(e.tag) }))
      .filter(e => e.rows.gt(1)),
  'a hopping window by a nullable text and a number, renamed on their way': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms', allowedLateness: '1s' })
      .project(e => ({ label: e.tag, number: e.n, value: e.x }))
      .keyBy('label', 'number')
      .window(hopping('2s', '500ms'))
      .aggregate(e => ({ rows: count(), mean: avg(e.value), last: last(e.label) })),
  'a session window by a number that may be null, NaN and -0': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('x')
      .window(session('150ms'))
      .aggregate(e => ({ rows: count(), sum: sum(e.n) })),
  'a window by what is computed': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .project(e => ({ half: e.n.div(2), big: e.big, flag: e.flag }))
      .keyBy('half', 'big', 'flag')
      .window(cumulate('500ms', '2s'))
      .aggregate(e => ({ rows: count(), first: first(e.big) })),
  'the keys of a window with the most rows, all of those with equally many': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('name')
      .window(hopping('2s', '500ms'))
      .aggregate(e => ({ rows: count(), last: last(e.tag) }))
      .topN(2, r => desc(r.rows), { ties: 'keep' }),
  'a window over the results of all keys of another, and one behind': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('name', 'n')
      .window(tumbling('250ms'))
      .aggregate(e => ({ rows: count(), top: max(e.big) }))
      .filter(r => r.rows.gt(0))
      .window(tumbling('500ms'))
      .aggregate(r => ({ keys: count(), names: distinctCount(r.name), top: max(r.top) }))
      .keyBy('names')
      .window(tumbling('1s'))
      .aggregate(r => ({ windows: count(), most: max(r.keys) })),
  'a window over the results of one, by a key of that': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('tag')
      .window(tumbling('250ms'))
      .aggregate(e => ({ rows: count(), sum: sum(e.n) }))
      .keyBy('tag', 'rows')
      .window(tumbling('1s'))
      .aggregate(e => ({ windows: count(), sum: sum(e.sum) })),
}

const run = (plan: AnyPlan, options: RunOptions<never, never> = {}, rows: readonly Event[] = ROWS) =>
  runToEnd(plan, rows, { distribution: 'keys', ...(options as object) })

describe('rows dealt out to workers by their keys', () => {
  const manners = [
    { workers: 2, maxBatch: 7, engine: 'wasm' },
    { workers: 4, maxBatch: 64, engine: 'js' },
    { workers: 1, maxBatch: 4_096, engine: 'wasm' },
  ] as const
  const names = Object.keys(plans)

  it.each(Object.entries(plans))('give the rows and counts of one thread: %s', async (name, plan) => {
    const one = await run(plan({ engine: 'js' }))
    expect(one.out.length).toBeGreaterThan(20)
    expect(one.mode).toEqual({ kind: 'thread', workers: 0 })
    for (const { workers, ...config } of takingTurns(names.indexOf(name), manners)) {
      const many = await run(plan(config), { workers })
      expect(many.mode).toEqual({ kind: 'shards', workers, distribution: 'keys' })
      expect(many.summary).toEqual(one.summary)
      expect(sorted(many.out)).toEqual(sorted(one.out))
    }
  })

  it('give them with eight workers, and a row at a time', async () => {
    const plan = plans['a tumbling window by a text, with conditions before and behind']
    const rows = ROWS.slice(0, 600)
    const one = await run(plan({}), {}, rows)
    const many = await run(plan({ maxBatch: 1 }), { workers: 8 }, rows)
    expect(sorted(many.out)).toEqual(sorted(one.out))
    expect(many.summary).toEqual(one.summary)
  })

  it('keep the order of each key', async () => {
    const plan = plans['a tumbling window by a text, with conditions before and behind']({})
    const byKey = (rows: readonly object[]): Record<string, string[]> => {
      const lists: Record<string, string[]> = {}
      for (const row of rows as { name: string }[]) (lists[row.name] ??= []).push(textOf(row))
      return lists
    }
    const [one, many] = [await run(plan), await run(plan, { workers: 3 })]
    expect(byKey(many.out)).toEqual(byKey(one.out))
  })
})

describe('the mode of a job', () => {
  it("has a worker for each processor of the machine with 'auto', at most four", async () => {
    const plan = plans['a tumbling window by a text, with conditions before and behind']({})
    const { mode, summary } = await run(plan, { workers: 'auto' })
    expect(mode).toMatchObject({ kind: 'shards', workers: Math.min(4, availableParallelism()) })
    expect(summary.delivered).toBe(ROWS.length)
    await expect(run(plan, { workers: 'all' as never })).rejects.toThrow('1 to 64 or \'auto\', not "all"')
  })

  it('says how many workers there are, and explain() does', async () => {
    const plan = plans['a session window by a number that may be null, NaN and -0']({})
    const { explained } = await run(plan, { workers: 2 })
    expect(explained.split('\n')[0]).toBe('threads     2 workers, each for the rows of its keys')
    expect(explained).toContain('session window: ')
  })

  it.each([
    ['no step goes by keys', pipeline(events).filter(e => e.n.gt(1))],
    [
      'windowOrder goes by the order in which the keys of all workers came up',
      pipeline(events)
        .eventTime('time')
        .keyBy('n')
        .window(tumbling('1s'))
        .aggregate(() => ({ rows: count() }))
        .limit(3),
    ],
    [
      "windowOrder goes by the order of the results of all keys, and those of a session window don't come in the order of their ends",
      pipeline(events)
        .eventTime('time')
        .keyBy('n')
        .window(session('1s'))
        .aggregate(() => ({ rows: count() }))
        .orderBy(r => desc(r.rows)),
    ],
    [
      'windowAggregate goes by the order in which the keys of all workers came up',
      pipeline(events)
        .eventTime('time')
        .keyBy('n')
        .window(tumbling('1s'))
        .aggregate(e => ({ sum: sum(e.x) }))
        .window(tumbling('2s'))
        .aggregate(e => ({ sum: sum(e.sum) })),
    ],
    [
      'the tumbling window has no key',
      pipeline(events)
        .eventTime('time')
        .window(tumbling('1s'))
        .aggregate(() => ({ rows: count() })),
    ],
    [
      'mapRows would run for every row in every worker: its keys come from it',
      pipeline(events)
        .mapRows(events, row => row)
        .eventTime('time')
        .keyBy('n')
        .window(tumbling('1s'))
        .aggregate(() => ({ rows: count() })),
    ],
    [
      `filterRows "some" holds a function, which can't travel as data: give it as { module, export }`,
      pipeline(events)
        .eventTime('time')
        .filterRows(() => true, { name: 'some' })
        .keyBy('n')
        .window(tumbling('1s'))
        .aggregate(() => ({ rows: count() })),
    ],
  ])('says why it is one thread: %s', async (reason, plan) => {
    const job = await plan.run({ workers: 2, distribution: 'keys', sink: () => {} })
    expect(job.mode).toEqual({ kind: 'thread', workers: 0, reason })
    expect(job.explain().split('\n')[0]).toBe(`threads     one: ${reason}`)
    await job.stop()
  })

  it.each([0, 65, 1.5, '2', null])('workers: %s is refused', async workers => {
    await expect(pipeline(events).run({ workers: workers as never })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})
