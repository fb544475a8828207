import { describe, expect, it } from 'vitest'
import {
  avg,
  collect,
  count,
  cumulate,
  desc,
  distinctCount,
  everyInterval,
  everyRows,
  first,
  globalWindow,
  hopping,
  last,
  length,
  max,
  maxForever,
  memoryStore,
  type PipelineConfig,
  pipeline,
  session,
  sort,
  sum,
  tumbling,
} from '../../src/index.ts'
import { bounded, takingTurns } from '../bounded.ts'
import { events, eventsOf, sorted } from './events.ts'

const ROWS = eventsOf(700)

/** Windows of every kind that can be dealt out, with keys and fields of every kind. */
const plans = {
  'a tumbling window by a text': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('name')
      .window(tumbling('1s'))
      .aggregate(e => ({ rows: count(), sum: sum(e.x), first: first(e.tag), tags: collect(e.tag) })),
  'a hopping window by a nullable text and a number, with lateness': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms', allowedLateness: '1s' })
      .keyBy('tag', 'n')
      .window(hopping('2s', '700ms'))
      .aggregate(e => ({ rows: count(), names: distinctCount(e.name), mean: avg(e.x), last: last(e.name) })),
  'a hopping window by a number that may be negative': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '100ms' })
      .project(e => ({ key: e.n.sub(20).toI32(), x: e.x, name: e.name }))
      .keyBy('key')
      .window(hopping('900ms', '300ms'))
      .aggregate(e => ({ rows: count(), top: maxForever(e.x), last: last(e.name) })),
  'a cumulating window by what is computed': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .project(e => ({ half: e.n.div(2), big: e.big, flag: e.flag, label: e.name.upper() }))
      .keyBy('half', 'big', 'flag')
      .window(cumulate('500ms', '2s'))
      .aggregate(e => ({ rows: count(), first: first(e.label) })),
  'a session window by a number that may be null, NaN and -0': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('x')
      .window(session('150ms'))
      .aggregate(e => ({ rows: count(), names: collect(e.name), tag: last(e.tag) })),
  'a window over the results of one, by a key of that': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('tag')
      .window(tumbling('250ms'))
      .aggregate(e => ({ rows: count(), top: max(e.n) }))
      .keyBy('rows', 'tag')
      .window(tumbling('1s'))
      .aggregate(e => ({ windows: count(), sum: sum(e.top) })),
  'a window over the last rows of each key': (config: PipelineConfig) =>
    pipeline(events, config)
      .keyBy('tag')
      .window(length(3, { output: 'all' }))
      .aggregate(e => ({ rows: count(), sum: sum(e.n), first: first(e.name) }))
      .project(r => ({ kind: r.kind, tag: r.tag, rows: r.rows, sum: r.sum, first: r.first })),
  'a window that keeps the least rows of each key': (config: PipelineConfig) =>
    pipeline(events, config)
      .keyBy('x')
      .window(sort(3, 'n'))
      .aggregate(e => ({ rows: count(), most: max(e.n) }))
      .project(r => ({ x: r.x, rows: r.rows, most: r.most })),
  'a global window that fires by rows': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('name', 'tag')
      .window(globalWindow({ trigger: everyRows(2), firing: 'retracting', unbounded: true }))
      .aggregate(e => ({ rows: count(), last: last(e.n) })),
  'a global window that fires by the watermark': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('tag')
      .window(globalWindow({ trigger: everyInterval('250ms'), purge: true }))
      .aggregate(e => ({ rows: count(), names: collect(e.name) })),
  'sessions with early results that are taken back': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('n')
      .window(session('300ms', { early: { everyEventTime: '100ms' }, firing: 'retracting' }))
      .aggregate(e => ({ rows: count(), tag: last(e.tag) })),
}
type Plan = (config: PipelineConfig) => ReturnType<(typeof plans)['a tumbling window by a text']>

interface Leg {
  readonly workers?: number | undefined
  readonly engine: 'js' | 'wasm'
  readonly maxBatch?: number
  readonly kind?: 'stages'
  readonly distribution?: 'keys' | 'batches'
}

/** Runs rows on one layout after the other; each but the last ends with a checkpoint that the next goes on from. */
async function relay(plan: Plan, legs: readonly Leg[], cuts: readonly number[]): Promise<object[]> {
  const out: object[] = []
  let bytes: Uint8Array | undefined
  for (let leg = 0; leg < legs.length; leg++) {
    const {
      workers,
      engine,
      maxBatch = 64,
      distribution,
      kind = workers === undefined ? 'thread' : 'shards',
    } = legs[leg]!
    const job = await plan({ engine, maxBatch }).run({
      sink: row => void out.push(row),
      ...(workers !== undefined && { workers }),
      ...(distribution !== undefined && { distribution }),
      ...(bytes !== undefined && { restore: bytes }),
    })
    expect(job.mode.kind).toBe(kind)
    const to = cuts[leg] ?? ROWS.length
    await job.pushMany(ROWS.slice(cuts[leg - 1] ?? 0, to))
    if (leg === legs.length - 1) await job.drain()
    else {
      ;({ bytes } = await job.checkpoint())
      const { length } = out
      // What comes behind the barrier is done once more.
      await job.pushMany(ROWS.slice(to, to + 200))
      await job.stop({ drain: false })
      out.length = length
    }
  }
  return out
}

describe('a checkpoint of a job that is dealt out to workers', () => {
  /** As many workers as before, more, fewer, and none, before and then. */
  const layouts = bounded(
    [
      [undefined, 2, 2],
      [1, 2, undefined],
      [undefined, 2, 1],
    ],
    [[2, 2, 4, undefined, 3, undefined, 1]],
  )
  const cuts = bounded([233, 500], [1, 233, 350, 460, 500, 699])
  const names = Object.keys(plans)
  it.each(Object.entries(plans))(
    'goes on where the work is spread otherwise, or as before: %s',
    async (name, given) => {
      const plan = given as unknown as Plan
      const expected = sorted(await relay(plan, [{ workers: undefined, engine: 'js' }], []))
      expect(expected.length).toBeGreaterThan(20)
      for (const layout of takingTurns(names.indexOf(name), layouts)) {
        const legs = layout.map((workers, leg): Leg => ({ workers, engine: leg % 2 === 0 ? 'wasm' : 'js' }))
        expect(sorted(await relay(plan, legs, cuts))).toEqual(expected)
      }
    },
  )
})

describe('a checkpoint of another order of results', () => {
  const plan = plans['a tumbling window by a text']({ engine: 'js' })
  const taken = async (order: 'key' | 'global' | 'none') => {
    const job = await plan.run({ workers: 2, distribution: 'keys', order, sink: [] })
    await job.pushMany(ROWS.slice(0, 200))
    const { bytes } = await job.checkpoint()
    await job.stop({ drain: false })
    return bytes
  }

  it("is refused where one of the two is 'global', and says what to do", async () => {
    const restore = { from: await taken('key'), allowNew: true, allowDropped: true }
    await expect(
      plan.run({ workers: 2, distribution: 'keys', order: 'global', sink: [], restore }),
    ).rejects.toMatchObject({
      code: 'CHECKPOINT_MISMATCH',
      at: 'order',
      message: expect.stringContaining("of a job without order: 'global'"),
    })
    const from = await taken('global')
    for (const options of [{}, { workers: 2, order: 'none' }, { workers: 3, distribution: 'keys' }] as const)
      await expect(plan.run({ ...options, sink: [], restore: from })).rejects.toMatchObject({
        code: 'CHECKPOINT_MISMATCH',
        at: 'order',
        message: expect.stringContaining('run it with it, or drain the job'),
      })
  })

  it('goes on where neither is', async () => {
    const restore = await taken('none')
    const job = await plan.run({ workers: 2, distribution: 'keys', order: 'key', sink: [], restore })
    expect(job.restored?.inputs).toEqual([{ name: 'pushed', rows: 200 }])
    await job.stop({ drain: false })
  })
})

describe('a checkpoint of shards with steps behind them', () => {
  const ranked = (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('name')
      .window(hopping('1s', '500ms'))
      .aggregate(e => ({ rows: count(), last: last(e.tag) }))
      .topN(1, r => desc(r.rows), { ties: 'keep' })
      .window(tumbling('2s'))
      .aggregate(r => ({ names: distinctCount(r.name), most: max(r.rows) }))

  it('goes on with any number of workers, and is refused on one thread', async () => {
    const plan = ranked as unknown as Plan
    const expected = sorted(await relay(plan, [{ workers: undefined, engine: 'js' }], []))
    expect(expected.length).toBeGreaterThan(1)
    const legs = [2, 2, 3, 1].map(
      (workers, i): Leg => ({ workers, engine: i % 2 === 0 ? 'js' : 'wasm', distribution: 'keys' }),
    )
    expect(sorted(await relay(plan, legs, [150, 300, 555]))).toEqual(expected)
    await expect(
      relay(
        plan,
        [
          { workers: 2, engine: 'js', distribution: 'keys' },
          { workers: undefined, engine: 'js' },
        ],
        [350],
      ),
    ).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH' })
  })
})

describe('a checkpoint of a job that deals batches out', () => {
  const dealt = (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '200ms' })
      .filter(e => e.n.gt(3))
      .project(e => ({ label: e.name, again: e.name, tag: e.tag, x: e.x }))
      .keyBy('label', 'tag')
      .window(hopping('1s', '300ms'))
      .aggregate(e => ({ rows: count(), named: count(e.again), sum: sum(e.x) }))
  const behind = (config: PipelineConfig) =>
    dealt(config)
      .topN(1, r => desc(r.rows), { ties: 'keep' })
      .window(tumbling('2s'))
      .aggregate(r => ({ keys: count(), most: max(r.rows) }))

  it('is one of one thread: it goes on there, and the other way round, and with other numbers of workers', async () => {
    const batches = (workers: number): Leg => ({ workers, engine: 'wasm', distribution: 'batches' })
    const keys: Leg = { workers: 2, engine: 'wasm', distribution: 'keys' }
    const one: Leg = { workers: undefined, engine: 'js' }
    for (const [given, legs, cuts] of [
      [dealt, [one, batches(2), keys, batches(1), one, batches(3)], [1, 150, 300, 350, 555]],
      [behind, [batches(2), one, batches(1)], [233, 460]],
    ] as const) {
      const plan = given as unknown as Plan
      const expected = sorted(await relay(plan, [one], []))
      expect(expected.length).toBeGreaterThan(1)
      expect(sorted(await relay(plan, legs, cuts))).toEqual(expected)
    }
  })

  it('is taken while rows go through, and none of its results is in two', async () => {
    const out: object[] = []
    const prepared: number[] = []
    const job = await dealt({ maxBatch: 16, bufferSize: 32 }).run({
      workers: 2,
      sink: { send: row => void out.push(row), prepare: async () => prepared.push(out.length), commit() {} },
    })
    const taken: Promise<unknown>[] = []
    for (let at = 0; at < ROWS.length; at += 10) {
      await job.pushMany(ROWS.slice(at, at + 10))
      if (at % 100 === 0) taken.push(job.checkpoint())
    }
    await Promise.all(taken)
    await job.drain()
    expect(prepared.length).toBe(8)
    expect(prepared[0]).toBeLessThan(prepared[6]!)
    expect(sorted(out)).toEqual(
      sorted(await relay(dealt as unknown as Plan, [{ workers: undefined, engine: 'js' }], [])),
    )
  })
})

describe('a checkpoint of stages', () => {
  const staged = (config: PipelineConfig) =>
    pipeline(events, config)
      .filter(e => e.n.gt(3))
      .stage()
      .eventTime('time', { outOfOrderness: '200ms' })
      .keyBy('name')
      .window(tumbling('1s'))
      .aggregate(e => ({ rows: count(), last: last(e.tag) }))
      .stage()
      .orderBy(e => desc(e.rows))
      .limit(3)

  it('goes on in the same stages', async () => {
    const expected: object[] = []
    const whole = await staged({}).run({ sink: expected })
    await whole.pushMany(ROWS)
    await whole.drain()
    expect(expected.length).toBeGreaterThan(5)
    const legs = [7, 64, 7, 64].map(
      (maxBatch): Leg => ({ kind: 'stages', maxBatch, engine: maxBatch === 7 ? 'js' : 'wasm' }),
    )
    expect(await relay(staged as unknown as Plan, legs, [1, 350, 600])).toEqual(expected)
  })

  it('is refused elsewhere, and says how it ran', async () => {
    const job = await staged({}).run({ sink: [] })
    await job.pushMany(ROWS)
    const { bytes } = await job.checkpoint()
    await job.stop({ drain: false })
    const { 'a tumbling window by a text': windowed } = plans
    for (const workers of [undefined, 2])
      await expect(windowed({}).run({ sink: [], restore: bytes, ...(workers && { workers }) })).rejects.toMatchObject({
        code: 'CHECKPOINT_MISMATCH',
        message: expect.stringContaining('3 stages on workers of their own'),
      })
  })
})

describe('a job on workers', () => {
  it('that keeps checkpoints goes on where it was stopped, with its windows open', async () => {
    const { 'a tumbling window by a text': windowed } = plans
    const store = memoryStore()
    const out: object[] = []
    for (const [from, to, workers] of [
      [0, 200, 2],
      [200, 500, 3],
      [500, 700, 1],
    ] as const) {
      const job = await windowed({}).run({ sink: out, workers, checkpoint: { store }, restore: 'latest' })
      expect(job.restored?.inputs[0]?.rows ?? 0).toBe(from)
      await job.pushMany(ROWS.slice(from, to))
      await (to === 700 ? job.drain() : job.stop())
    }
    const plan = windowed as unknown as Plan
    expect(sorted(out)).toEqual(sorted(await relay(plan, [{ workers: undefined, engine: 'js' }], [])))
  })

  it('takes checkpoints while rows go through, and none of its results is in two', async () => {
    const { 'a session window by a number that may be null, NaN and -0': plan } = plans
    const out: object[] = []
    const prepared: number[] = []
    const job = await plan({ maxBatch: 16, bufferSize: 32 }).run({
      workers: 2,
      sink: { send: row => void out.push(row), prepare: async () => prepared.push(out.length), commit() {} },
    })
    const taken: Promise<unknown>[] = []
    for (let at = 0; at < ROWS.length; at += 10) {
      await job.pushMany(ROWS.slice(at, at + 10))
      if (at % 100 === 0) taken.push(job.checkpoint())
    }
    await Promise.all(taken)
    await job.drain()
    expect(prepared.length).toBe(8)
    expect(prepared[0]).toBeLessThan(prepared[6]!)
    const whole = await relay(plan as unknown as Plan, [{ workers: undefined, engine: 'js' }], [])
    expect(sorted(out)).toEqual(sorted(whole))
  })
})
