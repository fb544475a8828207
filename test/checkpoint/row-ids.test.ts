import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type CheckpointStore,
  count,
  hopping,
  i32,
  type Job,
  max,
  memoryStore,
  pipeline,
  type ResultBatch,
  type RowId,
  type RunOptions,
  type SinkHandler,
  schema,
  session,
  timestamp,
  toSink,
  tumbling,
  utf8,
} from '../../src/index.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { bounded } from '../bounded.ts'

const clicks = schema({ time: timestamp(), user: utf8(), n: i32() })
type Click = { time: number; user: string; n: number }
const events = Array.from({ length: 400 }, (_, i) => ({ time: i * 10, user: `u${(i * 7) % 5}`, n: i }))
const stream = pipeline(clicks, { maxBatch: 16, bufferSize: 32 })
  .tee('raw', branch => branch.filter(e => e.n.lt(350)))
  .eventTime('time')
  .keyBy('user')
  .window(tumbling(100))
  .aggregate(() => ({ clicks: count() }))
type Options = RunOptions<Click, never>

const textOf = ({ epoch, sequence }: RowId): string => `${epoch}/${sequence}`

/** Rows under their ids, outside of all jobs. Whoever gives one of them twice finds that it is the same. */
class Outside {
  readonly rows = new Map<string, string>()

  take(row: unknown, id: RowId): void {
    const text = JSON.stringify(row)
    const there = this.rows.get(textOf(id))
    if (there !== undefined && there !== text) throw new Error(`${text} is number ${textOf(id)}, as was ${there}`)
    this.rows.set(textOf(id), text)
  }

  get inOrder(): string[] {
    const bySequence = ([one]: [string, string], [other]: [string, string]): number =>
      Number(one.split('/')[1]) - Number(other.split('/')[1])
    return [...this.rows].sort(bySequence).map(([, text]) => text)
  }
}

async function uninterrupted(): Promise<{ sink: string[]; raw: string[] }> {
  const sink: object[] = []
  const raw: object[] = []
  const job = await stream.run({ source: events, sink, sinks: { raw } } as never)
  await job.done
  return { sink: sink.map(row => JSON.stringify(row)), raw: raw.map(row => JSON.stringify(row)) }
}

function rowOf(batch: ResultBatch, row: number): object {
  const [windowStart, windowEnd, clicks] = ['windowStart', 'windowEnd', 'clicks'].map(name => batch.column(name)[row])
  return { windowStart, windowEnd, user: batch.text('user', row), clicks }
}

/** A process: what it does behind its end reaches nobody. */
interface Life {
  isOver: boolean
}
const aWhile = (turns: number): Promise<void> =>
  turns === 0 ? Promise.resolve() : new Promise<void>(resolve => setImmediate(resolve)).then(() => aWhile(turns - 1))

/** A sink of rows one by one, which takes turns of the loop and fails at times. */
function writes(outside: Outside, life: Life): SinkHandler<object> {
  let calls = 0
  return {
    async send(row, id) {
      const call = calls++
      await aWhile(call % 3)
      if (life.isOver) return
      // What was taken, and not said to be.
      if (call % 7 !== 3) outside.take(row, id)
      if (call % 7 === 3 || call % 11 === 5) throw new Error('not now')
    },
  }
}

/** A store that is slow, and forgets who died while it wrote. */
const slow = (kept: CheckpointStore, life: Life, turns: number): CheckpointStore => ({
  ...kept,
  async put(id, bytes) {
    await aWhile(turns)
    if (!life.isOver) await kept.put(id, bytes)
  },
})
const retry = { kind: 'retry', attempts: 5, initialMs: 0, maxMs: 0, factor: 1, otherwise: 'fail' }

describe('the ids of rows', () => {
  it('are those they had, for jobs that are killed at any moment and begin from any checkpoint', async () => {
    const expected = await uninterrupted()
    const lives = fc.array(
      fc.record({ turns: fc.nat(60), store: fc.nat(12), back: fc.nat(2), maxInFlight: fc.integer({ min: 1, max: 4 }) }),
      { maxLength: 5 },
    )
    await fc.assert(
      fc.asyncProperty(lives, fc.boolean(), async (killed, asBatches) => {
        const kept = memoryStore()
        const sink = new Outside()
        const raw = new Outside()
        for (const { turns, store, back, maxInFlight } of [
          ...killed,
          { turns: 0, store: 1, back: 0, maxInFlight: 1 },
        ]) {
          const life: Life = { isOver: false }
          const id = (await kept.list()).at(-1 - back)
          const output: Partial<Options> = asBatches
            ? {
                onBatch(batch, { epoch, sequence }) {
                  if (life.isOver) return
                  for (let row = 0; row < batch.length; row++)
                    sink.take(rowOf(batch, row), { epoch, sequence: sequence + row })
                },
              }
            : { sink: writes(sink, life) as never, maxInFlight }
          const job = await stream.run({
            source: events,
            ...output,
            sinks: { raw: writes(raw, life) },
            errors: { ...(asBatches ? {} : { sink: retry }), raw: retry } as never,
            checkpoint: { store: slow(kept, life, store), everyEvents: 30, retain: 3 },
            restore: { from: kept, ...(id === undefined ? {} : { id }) },
          } as never)
          if (turns > 0) {
            await aWhile(turns)
            life.isOver = true
            await job.stop({ drain: false }).catch(() => {})
          } else await job.done
        }
        expect(raw.inOrder).toEqual(expected.raw)
        expect(sink.inOrder).toEqual(expected.sink)
        expect([...sink.rows.keys()].every(key => key.startsWith('0/'))).toBe(true)
      }),
      { numRuns: bounded(10, 30) },
    )
  })
  it('go to functions that name a second parameter, and to no others', async () => {
    const ids: string[] = []
    const given: number[] = []
    const job = await stream.run({
      source: events.slice(0, 3),
      sink: (...all: unknown[]) => void given.push(all.length),
      sinks: { raw: (_: unknown, id: RowId) => void ids.push(textOf(id)) },
    } as never)
    await job.done
    expect(ids).toEqual(['0/0', '0/1', '0/2'])
    expect(given).toEqual([1, 1, 1])
    const toNobody: unknown[] = []
    toSink((row: string, id: RowId) => void toNobody.push(row, id)).write('by hand')
    expect(toNobody).toEqual(['by hand', { epoch: 0, sequence: 0 }])
  })
})

describe('the ids of rows that workers share', () => {
  /** Keys come up in windows of several slices, some of them late: their order hangs on who does the work. */
  const late = events.map(({ time, user, n }) => ({ time: time - (n % 7 === 3 ? 120 : 0), user, n }))
  const rows = pipeline(clicks, { maxBatch: 16, bufferSize: 32 })
  const inWindows = (from: typeof rows) =>
    from
      .eventTime('time', { outOfOrderness: '60ms' })
      .keyBy('user')
      .window(hopping(200, 50))
      .aggregate(e => ({ clicks: count(), last: max(e.n) }))
  const shared = inWindows(rows)
  const staged = inWindows(rows.filter(e => e.n.ge(0)).stage())
    .stage()
    .filter(r => r.clicks.gt(0))
  const further = inWindows(rows)
    .keyBy('clicks')
    .window(tumbling(200))
    .aggregate(r => ({ users: count(), last: max(r.last) }))
  interface Start {
    /** Rows that came out before it is killed. */
    readonly rows: number
    readonly workers: number
    readonly back: number
  }
  const lives = fc.array(fc.record({ rows: fc.nat(150), workers: fc.nat(3), back: fc.nat(2) }), {
    minLength: 1,
    maxLength: 3,
  })
  const last: Start = { rows: Number.POSITIVE_INFINITY, workers: 2, back: 0 }

  const whole = rows
    .eventTime('time', { outOfOrderness: '60ms' })
    .window(hopping(200, 5))
    .aggregate(e => ({ clicks: count(), last: max(e.n) }))
  const some = ({ workers }: Start): object => (workers > 0 ? { workers } : {})
  const ways: [string, { run(options: never): Promise<Job<never, unknown>> }, (start: Start) => object, object][] = [
    [
      'that put them into one order, however many there are',
      shared,
      start => ({ order: 'global', ...some(start) }),
      { kind: 'shards', distribution: 'keys', order: 'global' },
    ],
    ['of which each has a stage', staged, () => ({}), { kind: 'stages', workers: 3 }],
    [
      'as many as before, whose results come worker by worker',
      shared,
      () => ({ workers: bounded(2, 3) }),
      { kind: 'shards', distribution: 'keys', reason: 'rows have ids, which go by the order of results' },
    ],
    [
      'as many as before, with steps behind them that take their results worker by worker',
      further,
      () => ({ workers: 2, order: 'key' }),
      { kind: 'shards', distribution: 'keys' },
    ],
    [
      'that put windows together of which each has one row, however many there are',
      whole,
      some,
      { kind: 'shards', distribution: 'batches' },
    ],
  ]
  it.each(ways)(
    'are those they had, for jobs that are killed and begin from any checkpoint: %s',
    async (_, plan, of, mode) => {
      const expected: string[] = []
      const one = await plan.run({
        source: late,
        sink: (row: unknown, _: RowId) => void expected.push(JSON.stringify(row)),
        ...of({ ...last, workers: 0 }),
      } as never)
      await one.done
      expect(expected.length).toBeGreaterThan(60)
      await fc.assert(
        fc.asyncProperty(lives, async killed => {
          const kept = memoryStore()
          const outside = new Outside()
          for (const start of [...killed, last]) {
            const life: Life = { isOver: false }
            let rows = 0
            const id = (await kept.list()).at(-1 - start.back)
            let kill = (): void => {}
            const end = new Promise<void>(resolve => {
              kill = resolve
            })
            const job = await plan.run({
              source: late,
              // What comes out behind the end reaches nobody.
              sink: (row: unknown, rowId: RowId) => {
                life.isOver ||= rows++ >= start.rows
                if (life.isOver) kill()
                else outside.take(row, rowId)
              },
              checkpoint: { store: slow(kept, life, 0), everyEvents: 30, retain: 3 },
              restore: { from: kept, ...(id === undefined ? {} : { id }) },
              ...of(start),
            } as never)
            if (job.mode.workers > 0) expect(job.mode).toMatchObject(mode)
            await Promise.race([end, job.done])
            await job.stop({ drain: false })
          }
          expect(outside.inOrder).toEqual(expected)
          expect([...outside.rows.keys()].every(key => key.startsWith('0/'))).toBe(true)
        }),
        { numRuns: bounded(1, 2) },
      )
    },
    120_000,
  )

  it('begin anew where as many results come worker by worker as there were not before', async () => {
    const outside = new Outside()
    const epochs: Set<number>[] = []
    let restore: Uint8Array | undefined
    for (const workers of [2, 3, 1, 2]) {
      const sink = (row: unknown, id: RowId): void => {
        outside.take(row, id)
        epochs.at(-1)!.add(id.epoch)
      }
      epochs.push(new Set())
      const job = await shared.run({ sink, workers, ...(restore && { restore }) } as never)
      if (restore === undefined) await job.pushMany(late.slice(0, 200) as never)
      restore ??= (await job.checkpoint()).bytes
      await job.pushMany(late.slice(200) as never)
      await job.drain()
    }
    expect(epochs.map(of => [...of].map(epoch => epoch > 0))).toEqual([[false], [true], [true], [false]])
    const expected: object[] = []
    await (await shared.run({ source: late, sink: expected } as never)).done
    expect(new Set(outside.rows.values())).toEqual(new Set(expected.map(row => JSON.stringify(row))))
  })

  it.each([
    ['key', 'global'],
    ['global', 'key'],
  ] as const)('are never those of a job that puts rows in another order: %s to %s', async (before, then) => {
    const store = memoryStore()
    const options = { source: late, sink: [], checkpoint: { store, everyEvents: 90 } } as object
    const job = await shared.run({ ...options, order: before })
    await job.done
    const restore = { from: store, allowNew: true, allowDropped: true }
    await expect(shared.run({ ...options, order: then, restore })).rejects.toMatchObject({
      code: 'CHECKPOINT_MISMATCH',
    })
  })
})

describe('rows that may come out in another order the next time', () => {
  const plain = pipeline(clicks)
  const click = (user: string, time = 0): Click => ({ time, user, n: 0 })
  const silent = {
    metadata: { name: 'silent', kind: 'silent' },
    run: ({ signal }: { signal: AbortSignal }) =>
      new Promise<void>(resolve => signal.addEventListener('abort', () => resolve())),
  }
  const later = Array.from({ length: 12 }, (_, i) => click('z', i * 100))
  type Run = (options: object, life: number) => Promise<Job<Click, unknown>>
  const starts: [string, Run][] = [
    ['where a source has company', options => plain.run({ ...options, source: silent } as never)],
    ['of two sources', options => plain.run({ ...options, sources: [silent, silent] } as never)],
    ['let out by the clock', options => plain.output('last', { every: '5ms', by: ['user'] }).run(options as never)],
    ['with the time of the clock', options => plain.processingTime('at').run(options as never)],
    [
      'in windows that the clock ends',
      options =>
        plain
          .processingTime('at')
          .keyBy('user')
          .window(tumbling(5))
          .aggregate(() => ({ clicks: count() }))
          .run(options as never),
    ],
    [
      'of an input whose oldest are left out when there is no room',
      options => pipeline(clicks, { bufferSize: 2, backpressure: 'drop-oldest' }).run(options as never),
    ],
    [
      'of an input whose earliest are refused',
      options =>
        plain.eventTime('time', { maxFutureSkew: '1s' }).run({ ...options, errors: { source: 'skip' } } as never),
    ],
    [
      'of another plan',
      (options, life) => (life === 0 ? plain : plain.filter(e => e.user.ne('a'))).run(options as never),
    ],
    [
      "of workers, in windows that don't come by their ends",
      async options => {
        const job = await plain
          .eventTime('time')
          .keyBy('user')
          .window(session(10))
          .aggregate(() => ({ clicks: count() }))
          .run({ ...options, workers: 2 } as never)
        expect(job.mode.kind).toBe('shards')
        return job
      },
    ],
  ]

  it.each(starts)('have ids of their own: %s', async (name, run) => {
    const outside = new Outside()
    const clock = new VirtualClock(1_000_000)
    let restore: Uint8Array | undefined
    for (let life = 0; life < 3; life++) {
      const epochs = new Set<number>()
      const sink = async (row: unknown, id: RowId): Promise<void> => {
        epochs.add(id.epoch)
        outside.take(row, id)
      }
      const job = await run({ sink, clock, ...(restore && { restore }) }, life)
      if (life === 0) job.push(click('first'))
      await job.flush()
      restore ??= (await job.checkpoint()).bytes
      // What is lost for want of room is so later in each life; else, the same events come in another order.
      const isLossy = name.includes('no room')
      const users = ['a', 'b', 'c', 'd'].map((_, i, all) => all[isLossy ? i : (i + life) % 4]!)
      for (const user of isLossy ? users.splice(0, life) : []) {
        job.push(click(user))
        await job.flush()
      }
      job.pushMany([...users.map(user => click(user)), click('far ahead', 2 ** 42), ...later])
      for (let i = 0; i < 3; i++) {
        await aWhile(3)
        clock.advance(10)
      }
      await job.flush()
      await job.stop({ drain: false })
      expect(life === 0 || [...epochs].some(epoch => epoch > 0)).toBe(true)
    }
    expect(outside.rows.size).toBeGreaterThan(3)
    expect([...outside.rows.keys()].filter(key => !key.startsWith('0/')).length).toBeGreaterThan(1)
  })
})
