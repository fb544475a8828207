import { describe, expect, it } from 'vitest'
import {
  count,
  f64,
  memoryStore,
  pipeline,
  schema,
  sum,
  timeBatch,
  timestamp,
  tumbling,
  utf8,
} from '../../src/index.ts'
import type { EngineChoice } from '../../src/kernels/engine.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

const trades = schema({ time: timestamp(), symbol: utf8(), price: f64() })
const volumes = (engine: EngineChoice, maxBatch = 16_384) =>
  pipeline(trades, { engine, maxBatch })
    .eventTime('time', { outOfOrderness: '2s' })
    .keyBy('symbol')
    .window(tumbling('10s'))
    .aggregate(e => ({ trades: count(), volume: sum(e.price) }))

const events = Array.from({ length: 500 }, (_, i) => ({
  time: i * 137 - (i % 7) * 300 + 2_000,
  symbol: `S${(i * i) % 11}`,
  price: (i * 37) % 101,
}))

async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; turns < 100 && !isSo(); turns++) await new Promise(resolve => setImmediate(resolve))
  expect(isSo()).toBe(true)
}

async function uninterrupted(): Promise<unknown[]> {
  const rows: unknown[] = []
  const job = await volumes('js').run({ sink: rows })
  job.pushMany(events)
  await job.drain()
  return rows
}

describe('a job', () => {
  it.each([
    ['wasm', 'js'],
    ['js', 'wasm'],
  ] as const)(
    'that went on %s goes on on %s from the bytes of a checkpoint, and gives what an uninterrupted one gives',
    async (one, other) => {
      const expected = await uninterrupted()
      for (const cut of [0, 1, 123, 250, 499, 500]) {
        const rows: unknown[] = []
        const first = await volumes(one, 64).run({ sink: rows })
        first.pushMany(events.slice(0, cut))
        const { bytes } = await first.checkpoint()
        const before = rows.length
        first.pushMany(events.slice(cut))
        await first.stop({ drain: false })
        rows.length = before
        const second = await volumes(other, 7).run({ sink: rows, restore: bytes })
        expect(second.restored?.inputs).toEqual([{ name: 'pushed', rows: cut }])
        second.pushMany(events.slice(cut))
        await second.drain()
        expect(rows, `cut at ${cut}`).toEqual(expected)
      }
    },
  )

  it('takes checkpoints by its clock, keeps the newest, and goes on from the latest', async () => {
    const store = memoryStore()
    const clock = new VirtualClock(0)
    const rows: unknown[] = []
    const job = await volumes('js').run({ sink: rows, clock, checkpoint: { store, everyMs: 1_000, retain: 2 } })
    for (let at = 0; at < 5; at++) {
      job.pushMany(events.slice(at * 100, at * 100 + 100))
      clock.advance(1_000)
      await job.flush()
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    expect(await store.list()).toEqual([4, 5])
    await job.stop({ drain: false })
    const restored = await volumes('wasm').run({ sink: rows, checkpoint: { store }, restore: 'latest' })
    expect(restored.restored?.id).toBe(5)
    await restored.drain()
    expect(rows).toEqual(await uninterrupted())
  })

  it('takes checkpoints by the rows it accepts', async () => {
    const store = memoryStore()
    const job = await volumes('js', 10).run({ sink: [], checkpoint: { store, everyEvents: 100, retain: 10 } })
    for (let at = 0; at < 500; at += 50) {
      job.pushMany(events.slice(at, at + 50))
      await new Promise(resolve => setTimeout(resolve, 2))
    }
    expect((await store.list()).length).toBe(5)
    await job.stop({ drain: false })
  })

  it('tells of its checkpoints in its metrics', async () => {
    const clock = new VirtualClock(0)
    const kept = memoryStore()
    let isFull = false
    const put = async (id: number, bytes: Uint8Array) => {
      if (isFull) throw new Error('no room')
      await kept.put(id, bytes)
    }
    const errors: string[] = []
    const job = await volumes('js').run({
      sink: [],
      clock,
      checkpoint: { store: { ...kept, put }, everyMs: 1_000, onFailure: error => void errors.push(error.code) },
    })
    expect(job.metrics().checkpoints).toMatchObject({ completed: 0, failed: 0, lastId: 0, lastAgeMs: Infinity })
    job.pushMany(events.slice(0, 100))
    clock.advanceTo(1_000)
    await new Promise(resolve => setTimeout(resolve, 5))
    clock.advanceTo(1_700)
    const { length } = (await kept.get(1))!
    const last = { lastId: 1, lastBytes: length, lastPauseMs: 0, lastDurationMs: 0 }
    expect(job.metrics().checkpoints).toEqual({ completed: 1, failed: 0, lastAgeMs: 700, ...last })
    isFull = true
    clock.advanceTo(2_000)
    await new Promise(resolve => setTimeout(resolve, 5))
    expect(job.metrics().checkpoints).toEqual({ completed: 1, failed: 1, lastAgeMs: 1_000, ...last })
    expect(errors).toEqual(['CHECKPOINT_FAILED'])
    await job.stop({ drain: false })
  })

  it('takes one that a sink asks for while a timer, or the end of the input, lets rows out', async () => {
    const clock = new VirtualClock(0)
    const taken: number[] = []
    const job = await pipeline(trades)
      .window(timeBatch('1s'))
      .aggregate(() => ({ trades: count() }))
      .run({ clock, sink: () => void job.checkpoint().then(({ id }) => taken.push(id)) })
    job.push(events[0]!)
    await job.flush()
    clock.advance(1_000)
    await until(() => taken.length === 1)
    await job.stop({ drain: false })

    const windows = await volumes('js').run({
      sink: () => {
        if (taken.length === 1) void windows.checkpoint().then(({ id }) => taken.push(id))
      },
    })
    windows.push(events[0]!)
    await windows.drain()
    expect(taken).toEqual([1, 1])
  })

  it('takes one for rows that came while it was taking the one before, though no more come', async () => {
    const kept = memoryStore()
    let release = (): void => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    const put = (id: number, bytes: Uint8Array) => held.then(() => kept.put(id, bytes))
    const store = { ...kept, put }
    const job = await volumes('js').run({ sink: [], checkpoint: { store, everyEvents: 100, retain: 10 } })
    for (const from of [0, 100]) {
      job.pushMany(events.slice(from, from + 100))
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    release()
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(await store.list()).toEqual([1, 2])
    await job.stop({ drain: false })
  })

  it('that keeps checkpoints leaves its windows open when it is stopped, for the job that goes on', async () => {
    const store = memoryStore()
    const rows: unknown[] = []
    for (const [from, to] of [
      [0, 200],
      [200, 350],
      [350, 500],
    ] as const) {
      const job = await volumes('wasm').run({ sink: rows, checkpoint: { store }, restore: 'latest' })
      expect(job.restored?.inputs[0]?.rows ?? 0).toBe(from)
      job.pushMany(events.slice(from, to))
      await (to === 500 ? job.drain() : job.stop())
    }
    expect(rows).toEqual(await uninterrupted())
  })

  it.each([
    ['drain', undefined, 'at once'],
    ['drain', memoryStore(), 'at once'],
    ['stop', undefined, 'slowly'],
    ['stop', memoryStore(), 'at once'],
    ['drain', memoryStore(), 'slowly'],
  ] as const)('takes one that was asked for right before %s, whether it keeps some or not', async (end, kept, pace) => {
    const put = async (id: number, bytes: Uint8Array) => {
      if (pace === 'slowly') await new Promise(resolve => setTimeout(resolve, 20))
      await kept!.put(id, bytes)
    }
    const rows: unknown[] = []
    const job = await volumes('js').run({ sink: rows, ...(kept && { checkpoint: { store: { ...kept, put } } }) })
    job.pushMany(events.slice(0, 250))
    const taken = job.checkpoint()
    await job[end]()
    rows.length = 0
    const { bytes } = await taken
    const next = await volumes('wasm').run({ sink: rows, restore: bytes })
    next.pushMany(events.slice(250))
    await next.drain()
    const all = await uninterrupted()
    expect(rows.length).toBeGreaterThan(3)
    expect(all.slice(-rows.length)).toEqual(rows)
  })

  it('begins anew where there is no checkpoint, unless that is an error', async () => {
    const store = memoryStore()
    const job = await volumes('js').run({ sink: [], checkpoint: { store }, restore: 'latest' })
    expect(job.restored).toBe(undefined)
    await job.stop({ drain: false })
    await expect(volumes('js').run({ sink: [], restore: { from: store, ifNone: 'fail' } })).rejects.toMatchObject({
      code: 'CHECKPOINT_FAILED',
    })
    await expect(volumes('js').run({ sink: [], restore: 'latest' })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  it('refuses the checkpoint of another plan, and says which step it does not know', async () => {
    const job = await volumes('js').run({ sink: [] })
    job.pushMany(events)
    const { bytes } = await job.checkpoint()
    await job.stop({ drain: false })
    const other = pipeline(trades)
      .eventTime('time', { outOfOrderness: '2s' })
      .keyBy('symbol')
      .window(tumbling('10s'))
      .aggregate(e => ({ trades: count(), volume: sum(e.time.sub(0)) }))
    await expect(other.run({ sink: [], restore: bytes })).rejects.toMatchObject({
      code: 'CHECKPOINT_MISMATCH',
      message: expect.stringContaining('operator/windowAggregate-1'),
    })
    const shorter = pipeline(trades)
    await expect(shorter.run({ sink: [], restore: bytes })).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH' })
    await (await shorter.run({ sink: [], restore: { from: bytes, allowDropped: true } })).drain()
  })

  it('has sinks commit what was in front of the barrier, once the checkpoint is durable', async () => {
    const log: unknown[] = []
    const store = memoryStore()
    const sink = (name: string) => ({
      send: (row: { price: number }) => void log.push([name, row.price]),
      prepare: async (id: number) => {
        log.push([name, 'prepare', id])
        return { id }
      },
      commit: async (id: number, prepared: unknown) => {
        expect((await store.list()).includes(id)).toBe(true)
        log.push([name, 'commit', id, prepared])
      },
      abort: async (id: number) => void log.push([name, 'abort', id]),
    })
    const first = await pipeline(trades).run({ sink: sink('a'), checkpoint: { store }, restore: 'latest' })
    first.push(events[0]!)
    const taken = first.checkpoint()
    first.push(events[1]!)
    await taken
    await first.stop({ drain: false })
    expect(log).toEqual([
      ['a', 'abort', 0],
      ['a', 0],
      ['a', 'prepare', 1],
      ['a', 37],
      ['a', 'commit', 1, { id: 1 }],
    ])
    log.length = 0
    const second = await pipeline(trades).run({ sink: sink('b'), checkpoint: { store }, restore: 'latest' })
    second.push(events[1]!)
    await second.drain()
    expect(log).toEqual([
      ['b', 'commit', 1, { id: 1 }],
      ['b', 'abort', 1],
      ['b', 37],
      ['b', 'prepare', 2],
      ['b', 'commit', 2, { id: 2 }],
    ])
  })

  it.each(['asked for', 'taken by the rows'])(
    'ends when it finds that another has written to its store, by a checkpoint %s',
    async way => {
      const store = memoryStore()
      const asked: unknown[] = []
      const start = (everyEvents?: number) =>
        volumes('js').run({
          sink: [],
          restore: 'latest',
          checkpoint: { store, ...(everyEvents && { everyEvents }), onFailure: error => void asked.push(error) },
        })
      const one = await start(way === 'asked for' ? undefined : 20)
      const other = await start()
      await other.pushMany(events.slice(0, 5))
      await other.checkpoint()
      const conflict = { code: 'CHECKPOINT_CONFLICT' }
      await one.pushMany(events.slice(0, 10))
      if (way === 'asked for') await expect(one.checkpoint()).rejects.toMatchObject(conflict)
      else void one.pushMany(events.slice(10, 30))
      await expect(one.done).rejects.toMatchObject(conflict)
      await expect(one.checkpoint()).rejects.toMatchObject({ code: 'CLOSED' })
      // The other has lost nothing, and its policy was never asked.
      await other.pushMany(events.slice(5, 10))
      await other.checkpoint()
      expect([await store.list(), asked]).toEqual([[1, 2], []])
      await other.stop({ drain: false })
    },
  )

  it('has all of its state back before its source starts', async () => {
    const told: string[] = []
    /** A source and a step that say what is done with them. */
    const started = (given: typeof events, options: { restore?: Uint8Array } = {}) =>
      pipeline(trades)
        .process(trades, () => ({
          process: (row, emit) => emit(row),
          snapshot: () => 'state of the step',
          restore: state => void told.push(String(state)),
        }))
        .run({
          sink: [],
          ...options,
          source: {
            metadata: { name: 'trades', kind: 'told', replayable: true, bounded: true },
            snapshot: writer => writer.text('position of the source'),
            restore: reader => void told.push(reader.text()),
            async run(intake) {
              told.push('runs')
              await intake.pushMany(given)
              await new Promise(resolve => intake.signal.addEventListener('abort', resolve))
            },
          },
        })
    const first = await started(events)
    const { bytes } = await first.checkpoint()
    await first.stop({ drain: false })
    expect(told.splice(0)).toEqual(['runs'])
    const second = await started([], { restore: bytes })
    await second.stop({ drain: false })
    expect(told.slice(0, 2).sort()).toEqual(['position of the source', 'state of the step'])
    expect(told.slice(2)).toEqual(['runs'])
  })
})
