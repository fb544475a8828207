import { describe, expect, it } from 'vitest'
import {
  avg,
  boolOr,
  calendar,
  count,
  countIf,
  cumulate,
  desc,
  distinctCount,
  first,
  hopping,
  max,
  min,
  type PipelineConfig,
  pipeline,
  sum,
  tumbling,
} from '../../src/index.ts'
import type { RunOptions } from '../../src/runtime/run-options.ts'
import { takingTurns } from '../bounded.ts'
import { type Event, events, eventsOf, sorted } from './events.ts'
import { type AnyPlan, runToEnd } from './run-to-end.ts'

const ROWS = eventsOf(2_000)
const MODULE = new URL('./row-functions.mjs', import.meta.url).href
const late = { outOfOrderness: '200ms' } as const

/** Pipelines whose windows can be put together out of what several workers have of them. */
const plans = {
  'a tumbling window by a text, with conditions before and behind': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', late)
      .filter(e => e.n.gt(5))
      .keyBy('name')
      .window(tumbling('1s'))
      .aggregate(e => ({ rows: count(), sum: sum(e.x), top: max(e.n), mean: avg(e.x), odd: countIf(e.flag) }))
      .filter(e => e.rows.gt(1)),
  'a hopping window by a nullable text and a number, renamed on their way': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', late)
      .project(e => ({ label: e.tag, number: e.n, value: e.x }))
      .keyBy('label', 'number')
      .window(hopping('2s', '500ms'))
      .aggregate(e => ({ rows: count(), least: min(e.value), values: count(e.value) })),
  'a hopping window that is no multiple of its slide, by a number that may be null, NaN and -0': (
    config: PipelineConfig,
  ) =>
    pipeline(events, config)
      .eventTime('time', late)
      .keyBy('x')
      .window(hopping('1s', '300ms'))
      .aggregate(e => ({ rows: count(), low: min(e.big), high: max(e.big), any: boolOr(e.flag) })),
  'a sampling window with gaps': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', late)
      .keyBy('n')
      .window(hopping('200ms', '700ms', { sampling: true }))
      .aggregate(e => ({ rows: count(), sum: sum(e.x) })),
  'a cumulating window by what is computed': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', late)
      .project(e => ({ half: e.n.div(2), flag: e.flag, x: e.x }))
      .keyBy('half', 'flag')
      .window(cumulate('500ms', '2s'))
      .aggregate(e => ({ rows: count(), top: max(e.x) })),
  'a window of the calendar without a key': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', late)
      .window(calendar('day', { zone: 'Europe/Zurich' }))
      .aggregate(e => ({ rows: count(), sum: sum(e.x), top: max(e.time) })),
  'the keys of a window with the most rows, all of those with equally many': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', late)
      .keyBy('name')
      .window(hopping('2s', '500ms'))
      .aggregate(() => ({ rows: count() }))
      .topN(2, r => desc(r.rows), { ties: 'keep' }),
  'a window over the results of another, whose ends are others': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', late)
      .keyBy('name', 'n')
      .window(tumbling('300ms'))
      .aggregate(e => ({ rows: count(), top: max(e.big) }))
      .window(tumbling('500ms'))
      .aggregate(r => ({ keys: count(), names: distinctCount(r.name), top: max(r.top) })),
  'functions of rows before a window': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', late)
      .filterRows({ module: MODULE, export: 'isOdd' }, { name: 'odd' })
      .keyBy('name')
      .window(tumbling('1s'))
      .aggregate(() => ({ rows: count() })),
}

const run = (plan: AnyPlan, options: RunOptions<never, never> = {}, rows: readonly Event[] = ROWS) =>
  runToEnd(plan, rows, options)

const byBatches = (workers: number) => ({ kind: 'shards', workers, distribution: 'batches' })

describe('batches dealt out to workers in turn', () => {
  const manners = [
    { workers: 2, maxBatch: 7, engine: 'wasm' },
    { workers: 4, maxBatch: 64, engine: 'js' },
    { workers: 1, maxBatch: 4_096, engine: 'wasm' },
  ] as const
  const names = Object.keys(plans)

  it.each(Object.entries(plans))('give the rows and counts of one thread: %s', async (name, plan) => {
    const one = await run(plan({ engine: 'js' }))
    expect(one.out.length).toBeGreaterThan(0)
    for (const { workers, ...config } of takingTurns(names.indexOf(name), manners)) {
      const many = await run(plan(config), { workers })
      expect(many.mode).toEqual(byBatches(workers))
      expect(many.summary).toEqual(one.summary)
      expect(many.counts).toEqual(one.counts)
      expect(sorted(many.out)).toEqual(sorted(one.out))
      // What is complete is there without waiting for the end.
      expect(many.flushed).toBe(one.flushed)
    }
  })

  it('give what a count over all rows gives, with eight workers and a row at a time', async () => {
    const plan = plans['a sampling window with gaps']
    const rows = ROWS.slice(0, 600)
    const { out, counts } = await run(plan({ maxBatch: 1 }), { workers: 8 }, rows)
    // A row is in a window unless the watermark, 201 ms behind the latest time before it, has passed the end of that.
    const totals = new Map<string, { rows: number; sum: number; values: number }>()
    let latest = Number.NEGATIVE_INFINITY
    let lateRows = 0
    for (const { time, n, x } of rows as readonly { time: number; n: number; x: number | null }[]) {
      const start = Math.floor(time / 700) * 700
      if (time < start + 200) {
        if (start + 199 <= latest - 201) lateRows++
        else {
          const total = totals.get(`${start} ${n}`) ?? { rows: 0, sum: 0, values: 0 }
          totals.set(`${start} ${n}`, total)
          total.rows++
          if (x !== null) total.sum += x
          if (x !== null) total.values++
        }
      }
      latest = Math.max(latest, time)
    }
    expect(lateRows).toBeGreaterThan(0)
    expect(counts.numLateRecordsDropped).toBe(lateRows)
    expect(sorted(out.map(({ windowStart, n, rows, sum }) => ({ windowStart, n, rows, sum })))).toEqual(
      sorted(
        [...totals].map(([key, { rows, sum, values }]) => {
          const [windowStart, n] = key.split(' ').map(Number)
          return { windowStart, n, rows, sum: values === 0 ? null : sum }
        }),
      ),
    )
  })

  it('come out in the order of their windows', async () => {
    const { out } = await run(plans['a tumbling window by a text, with conditions before and behind']({}), {
      workers: 3,
    })
    const ends = out.map(({ windowEnd }) => windowEnd as number)
    expect(ends).toEqual(ends.toSorted((a, b) => a - b))
  })

  it('follow the watermarks of all sources, one of which holds back the others', async () => {
    const plan = plans['a tumbling window by a text, with conditions before and behind']
    const slow = ROWS.slice(0, 400)
    const fast = ROWS.slice(400, 800)
    const runOf = async (options: object) => {
      const out: object[] = []
      const sources = [slow, fast] as never
      const job = await plan({ maxBatch: 16 }).run({ ...options, sources, sink: row => void out.push(row) })
      await job.done
      return { out, mode: job.mode, accepted: job.counts().accepted, late: job.counts().numLateRecordsDropped }
    }
    const [one, many] = [await runOf({}), await runOf({ workers: 2 })]
    expect(many.mode).toEqual(byBatches(2))
    expect({ ...many, out: sorted(many.out) }).toEqual({ ...one, mode: many.mode, out: sorted(one.out) })
  })

  it('are dealt out by hand: keys are asked for, or batches', async () => {
    const plan = plans['a tumbling window by a text, with conditions before and behind']({})
    const keys = await run(plan, { workers: 2, distribution: 'keys' })
    expect(keys.mode).toEqual({ kind: 'shards', workers: 2, distribution: 'keys' })
    expect(keys.explained.split('\n')[0]).toBe('threads     2 workers, each for the rows of its keys')
    const batches = await run(plan, { workers: 2, distribution: 'batches' })
    expect(batches.explained.split('\n')[0]).toBe('threads     2 workers, each for some of the batches')
    expect(sorted(keys.out)).toEqual(sorted(batches.out))
    await expect(plan.run({ distribution: 'rows' as never })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  it.each([
    ["first can't be put together out of parts", (e: typeof PLAN) => e.aggregate(r => ({ first: first(r.tag) }))],
    ["sum of i64 can't be put together out of parts", (e: typeof PLAN) => e.aggregate(r => ({ sum: sum(r.big) }))],
  ])('are not what is dealt out where %s', async (reason, aggregate) => {
    const { mode } = await run(aggregate(PLAN) as never, { workers: 2 }, [])
    expect(mode).toEqual({ kind: 'shards', workers: 2, distribution: 'keys', reason })
  })
})

const PLAN = pipeline(events).eventTime('time').keyBy('name').window(tumbling('1s'))
