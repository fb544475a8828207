import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  avg,
  calendar,
  collect,
  count,
  cumulate,
  desc,
  first,
  hopping,
  i32,
  last,
  max,
  type PipelineConfig,
  pipeline,
  schema,
  session,
  slidingPerEvent,
  sum,
  tumbling,
  utf8,
} from '../../src/index.ts'
import type { RunOptions } from '../../src/runtime/run-options.ts'
import { bounded, takingTurns } from '../bounded.ts'
import { type Event, events, eventsOf, textOf } from './events.ts'
import type { AnyPlan } from './run-to-end.ts'

const ROWS = eventsOf(1_800)
const NUMBERED = 'results are numbered by the rows of all keys'
const FUNCTIONS = new URL('./row-functions.mjs', import.meta.url).href
const TOLD = schema({ text: utf8(), columns: i32() })

const timed = (config: PipelineConfig) => pipeline(events, config).eventTime('time', { outOfOrderness: '200ms' })

/** Pipelines whose keys come in the order of their first rows, also where rows are late. */
const plans = {
  'a tumbling window by a text, with conditions before and behind': (config: PipelineConfig) =>
    timed(config)
      .filter(e => e.n.gt(5))
      .keyBy('name')
      .window(tumbling('1s'))
      .aggregate(e => ({ rows: count(), sum: sum(e.x), top: max(e.n), first: first(e.tag), tags: collect(e.tag) }))
      .filter(e => e.rows.ge(1)),
  'a window by what is computed, and a projection that drops its bounds': (config: PipelineConfig) =>
    timed(config)
      .project(e => ({ half: e.n.div(2), big: e.big, flag: e.flag, order: e.x }))
      .keyBy('half', 'flag')
      .window(calendar('day', { zone: 'UTC' }))
      .aggregate(e => ({ rows: count(), first: first(e.big), mean: avg(e.order) }))
      .project(r => ({ windowStart: r.rows, half: r.half, flag: r.flag, first: r.first, mean: r.mean })),
  'sessions by a number that may be null, NaN and -0': (config: PipelineConfig) =>
    timed(config)
      .keyBy('x')
      .window(session('60ms'))
      .aggregate(e => ({ rows: count(), sum: sum(e.n) })),
  'windows that slide by events': (config: PipelineConfig) =>
    timed(config)
      .keyBy('name')
      .window(slidingPerEvent('100ms'))
      .aggregate(e => ({ rows: count(), last: last(e.n) })),
  'functions of rows before and behind': (config: PipelineConfig) =>
    timed(config)
      .filterRows({ module: FUNCTIONS, export: 'isKept' }, { name: 'kept' })
      .keyBy('tag')
      .window(tumbling('250ms'))
      .aggregate(e => ({ rows: count(), sum: sum(e.n) }))
      .filterRows({ module: FUNCTIONS, export: 'isEven' }, { name: 'even' })
      .mapRows(TOLD, { module: FUNCTIONS, export: 'told' }, { name: 'told' }),
  'the first keys of each window, which go by the order': (config: PipelineConfig) =>
    timed(config)
      .keyBy('name', 'n')
      .window(tumbling('250ms'))
      .aggregate(e => ({ rows: count(), sum: sum(e.x) }))
      .topN(3, r => desc(r.rows)),
  'a window over the results of all keys, which adds up numbers in their order': (config: PipelineConfig) =>
    timed(config)
      .keyBy('name')
      .window(tumbling('250ms'))
      .aggregate(e => ({ rows: count(), mean: avg(e.x) }))
      .window(tumbling('500ms'))
      .aggregate(r => ({ keys: count(), sum: sum(r.mean), first: first(r.name), names: collect(r.name) })),
}

/** Windows that share slices, where a key that comes up with a late row comes as if it had come in time. */
const shared = {
  'a hopping window': (config: PipelineConfig) =>
    timed(config)
      .keyBy('name')
      .window(hopping('1s', '250ms'))
      .aggregate(e => ({ rows: count(), sum: sum(e.x), last: last(e.tag) })),
  'a hopping window of no whole number of slides, by two keys': (config: PipelineConfig) =>
    timed(config)
      .keyBy('tag', 'n')
      .window(hopping('700ms', '300ms'))
      .aggregate(e => ({ rows: count(), sum: sum(e.x) }))
      .project(r => ({ tag: r.tag, n: r.n, rows: r.rows })),
  'a cumulating window': (config: PipelineConfig) =>
    timed(config)
      .keyBy('name')
      .window(cumulate('250ms', '1s'))
      .aggregate(e => ({ rows: count(), top: max(e.big) })),
}

/** Pipelines with their names and numbers. */
const turns = <Plan>(of: Readonly<Record<string, Plan>>) =>
  Object.entries(of).map(([name, plan], turn) => [name, plan, turn] as const)

/** Runs a pipeline to its end; blocks of 50 rows. */
async function run(plan: AnyPlan, options: RunOptions<never, never> = {}, rows: readonly Event[] = ROWS) {
  const out: string[] = []
  const job = await plan.run({ ...(options as object), sink: (row: object) => void out.push(textOf(row)) })
  for (let at = 0; at < rows.length; at += 50) await job.pushMany(rows.slice(at, at + 50))
  const explained = job.explain()
  const summary = await job.drain()
  return { out, summary, mode: job.mode, explained }
}

const MANNERS = [
  { workers: 2, maxBatch: 7, engine: 'wasm' },
  { workers: 4, maxBatch: 4_096, engine: 'js' },
  { workers: 1, maxBatch: 64, engine: 'wasm' },
] as const

/** The keys of hopping windows and their rows, in order: each by the first of its slices with rows, then by arrival. */
function hoppingModel(rows: readonly Event[], sizeMs: number, slideMs: number, delayMs: number): string[] {
  const windows = new Map<number, Map<string, { slice: number; row: number; rows: number }>>()
  let watermark = Number.NEGATIVE_INFINITY
  for (const [row, { time, name }] of rows.entries()) {
    const slice = Math.floor((time as number) / slideMs)
    for (let start = slice * slideMs; start > (time as number) - sizeMs; start -= slideMs) {
      const end = start + sizeMs
      if (end - 1 <= watermark) continue
      if (!windows.has(end)) windows.set(end, new Map())
      const keys = windows.get(end)!
      const known = keys.get(name)
      if (known === undefined) keys.set(name, { slice, row, rows: 1 })
      else {
        known.rows++
        if (slice < known.slice) Object.assign(known, { slice, row })
      }
    }
    watermark = Math.max(watermark, (time as number) - delayMs - 1)
  }
  return [...windows]
    .sort(([a], [b]) => a - b)
    .flatMap(([end, keys]) =>
      [...keys]
        .sort(([, a], [, b]) => a.slice - b.slice || a.row - b.row)
        .map(([name, { rows }]) => `${end} ${name} ${rows}`),
    )
}

describe("order: 'global'", () => {
  it.each(turns(plans))('gives the sequence and counts of one thread: %s', async (_, plan, turn) => {
    const one = await run(plan({ engine: 'js' }))
    expect(one.out.length).toBeGreaterThan(20)
    const asked = await run(plan({}), { order: 'global' })
    expect(asked.mode).toEqual({ kind: 'thread', workers: 0 })
    expect(asked.out).toEqual(one.out)
    expect(asked.summary).toEqual(one.summary)
    for (const { workers, ...config } of takingTurns(turn, MANNERS)) {
      const many = await run(plan(config), { workers, order: 'global' })
      expect(many.mode).toEqual({ kind: 'shards', workers, distribution: 'keys', order: 'global', reason: NUMBERED })
      expect(many.out).toEqual(one.out)
      expect(many.summary).toEqual(one.summary)
    }
  })

  it.each(turns(shared))('gives the sequence of one thread that is asked for it: %s', async (_, plan, turn) => {
    const plain = await run(plan({ engine: 'js' }))
    const one = await run(plan({ engine: 'js' }), { order: 'global' })
    expect(one.out.length).toBeGreaterThan(20)
    expect(one.out.toSorted()).toEqual(plain.out.toSorted())
    for (const { workers, ...config } of takingTurns(turn, MANNERS)) {
      const many = await run(plan(config), { workers, order: 'global' })
      expect(many.mode).toEqual({ kind: 'shards', workers, distribution: 'keys', order: 'global', reason: NUMBERED })
      expect(many.out).toEqual(one.out)
      expect(many.summary).toEqual(one.summary)
    }
  })

  it('puts the keys of hopping windows by the slice they came up in, and there by arrival', async () => {
    const { 'a hopping window': plan } = shared
    const { out } = await run(plan({}), { workers: 3, order: 'global' })
    const told = out.map(text => {
      const { windowEnd, name, rows } = JSON.parse(text) as Record<string, unknown>
      return `${windowEnd} ${name} ${rows}`
    })
    expect(told).toEqual(hoppingModel(ROWS, 1_000, 250, 200))
  })

  it('is the same for 1 to 8 workers and batches of 1 to 4,096 rows, on random data and both engines', async () => {
    const arbitraryRows = fc.array(
      fc.record({ time: fc.integer({ min: 0, max: 3_000 }), n: fc.integer({ min: 0, max: 12 }) }),
      { minLength: 150, maxLength: 250 },
    )
    const [base] = ROWS
    const windows = [tumbling('200ms'), hopping('400ms', '100ms'), session('90ms'), cumulate('100ms', '400ms')]
    let turn = 0
    await fc.assert(
      fc.asyncProperty(arbitraryRows, async given => {
        const rows = given.map(({ time, n }, i) => ({ ...base!, time: i * 12 + (time % 500), name: `name ${n}`, n }))
        const window = windows[turn % windows.length]!
        const plan = (config: PipelineConfig): AnyPlan =>
          timed(config)
            .keyBy('name')
            .window(window as ReturnType<typeof hopping>)
            .aggregate(e => ({ rows: count(), first: first(e.time), sum: sum(e.n) }))
        const one = await run(plan({ engine: 'js' }), { order: 'global' }, rows)
        for (const [i, maxBatch] of [1, 7, 64, 4_096].entries()) {
          // In short every window, number of workers and size of batches once; every pair of two of them in full.
          if (bounded(i !== [0, 2, 3, 1][turn], false)) continue
          const workers = [1, 2, 4, 8][i ^ turn]!
          const engine = (i + turn) % 2 === 0 ? 'wasm' : 'js'
          const many = await run(plan({ maxBatch, engine }), { workers, order: 'global' }, rows)
          expect(many.mode.kind).toBe('shards')
          expect(many.out).toEqual(one.out)
        }
        turn++
      }),
      { numRuns: 4 },
    )
    expect(turn).toBe(4)
  })

  const layouts = bounded(
    [
      [1, 2, undefined, 1],
      [undefined, 3, 1, 1],
    ],
    [
      [2, 4, undefined, 1],
      [undefined, 3, 2, 2],
    ],
  )
  const kept = {
    'a tumbling window by a text': plans['a tumbling window by a text, with conditions before and behind'],
    'a hopping window': shared['a hopping window'],
    sessions: plans['sessions by a number that may be null, NaN and -0'],
  }
  it.each(turns<(config: PipelineConfig) => AnyPlan>(kept))(
    'goes on from a checkpoint in that order where the work is spread otherwise, or as before: %s',
    async (_, plan, turn) => {
      const { out: expected } = await run(plan({}), { order: 'global' })
      for (const legs of takingTurns(turn, layouts)) {
        const out: string[] = []
        let bytes: Uint8Array | undefined
        for (const [leg, workers] of legs.entries()) {
          const job = await plan({ maxBatch: 64 }).run({
            order: 'global',
            ...(workers !== undefined && { workers }),
            ...(bytes !== undefined && { restore: bytes }),
            sink: (row: object) => void out.push(textOf(row)),
          })
          await job.pushMany(ROWS.slice(leg * 450, leg * 450 + 450))
          if (leg === 3) await job.drain()
          else {
            ;({ bytes } = await job.checkpoint())
            await job.stop({ drain: false })
          }
        }
        expect(out).toEqual(expected)
      }
    },
  )

  it('has nothing waited for in an empty window, and lets what is behind see whole batches', async () => {
    const { 'a tumbling window by a text, with conditions before and behind': plan } = plans
    const lengths: number[] = []
    const job = await plan({}).run({ workers: 4, order: 'global', onBatch: ({ length }) => void lengths.push(length) })
    await job.pushMany(ROWS)
    await job.drain()
    expect(Math.max(...lengths)).toBeGreaterThan(20)
  })

  it.each([
    ['a tumbling window fires again for late rows', { allowedLateness: '1s' }],
    ['a tumbling window gives one for every row', { emit: 'onUpdate' }],
    ['a tumbling window gives some before its end', { early: { every: '100ms' } }],
    ['a tumbling window fills its gaps', { fillEmpty: 10 }],
  ] as const)('runs on one thread where there is none, and says why: %s', async (why, options) => {
    const plan = timed({})
      .keyBy('n')
      .window(tumbling('1s', options as { allowedLateness: '1s' }))
      .aggregate(() => ({ rows: count() }))
    const job = await plan.run({ workers: 2, order: 'global', sink: [] })
    const reason = `order: 'global' needs results in the order of their windows' ends: ${why}`
    expect(job.mode).toEqual({ kind: 'thread', workers: 0, reason })
    expect(job.explain().split('\n')[0]).toBe(`threads     one: ${reason}`)
    await job.stop()
  })

  it('refuses the state of a job without it, which has no ranks of keys', async () => {
    const { 'a hopping window': plan } = shared
    const job = await plan({}).run({ workers: 2, sink: [] })
    await job.pushMany(ROWS.slice(0, 100))
    const { bytes } = await job.checkpoint()
    await job.stop({ drain: false })
    await expect(plan({}).run({ workers: 2, order: 'global', sink: [], restore: bytes })).rejects.toMatchObject({
      code: 'CHECKPOINT_MISMATCH',
    })
  })
})

describe('the order of results', () => {
  const plan = (config: PipelineConfig) =>
    timed(config)
      .keyBy('name')
      .window(hopping('1s', '250ms'))
      .aggregate(e => ({ rows: count(), sum: sum(e.n) }))

  it('is that of each key where nothing else is asked for, or key is', async () => {
    const byKey = (rows: readonly string[]): Record<string, string[]> => {
      const lists: Record<string, string[]> = {}
      for (const row of rows) (lists[(JSON.parse(row) as { name: string }).name] ??= []).push(row)
      return lists
    }
    const one = await run(plan({}))
    for (const options of [{}, { order: 'key' as const }]) {
      const { out, mode } = await run(plan({ maxBatch: 64 }), { workers: 3, ...options })
      expect(mode).toEqual({ kind: 'shards', workers: 3, distribution: 'batches' })
      expect(byKey(out)).toEqual(byKey(one.out))
    }
  })

  it('is any with none: the same rows, and explain() says so', async () => {
    const one = await run(plan({}))
    const { out, mode, summary, explained } = await run(plan({ maxBatch: 64 }), { workers: 3, order: 'none' })
    expect(mode).toEqual({ kind: 'shards', workers: 3, distribution: 'batches', order: 'none' })
    expect(explained.split('\n')[0]).toBe('threads     3 workers, each for some of the batches, results in any order')
    expect(out.toSorted()).toEqual(one.out.toSorted())
    expect(summary).toEqual(one.summary)
  })

  it.each(['any', '', null, 1])('%s is refused', async order => {
    await expect(plan({}).run({ workers: 2, order: order as never })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      at: 'order',
    })
  })
})
