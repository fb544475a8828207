import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type CheckpointStore,
  count,
  type EventfluxError,
  i32,
  memoryStore,
  pipeline,
  type SinkHandler,
  schema,
  timestamp,
  tumbling,
} from '../../src/index.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

const events = Array.from({ length: 40 }, (_, i) => ({ time: i, n: i % 7 }))
const counts = pipeline(schema({ time: timestamp(), n: i32() }), { maxBatch: 4, bufferSize: 8 })
  .eventTime('time')
  .keyBy('n')
  .window(tumbling(10))
  .aggregate(() => ({ rows: count() }))

/** What is outside of all processes: transactions of a database. */
class Outside {
  readonly prepared = new Map<number, string[]>()
  readonly committed = new Map<number, string[]>()

  get rows(): string[] {
    return [...this.committed].sort(([one], [other]) => one - other).flatMap(([, rows]) => rows)
  }
}

/** How a call goes wrong: before it did anything, or when all is done; in the same turn, or later. */
const WAYS = ['throws, nothing done', 'rejects, nothing done', 'rejects, all done', 'dies, all done'] as const
type Way = (typeof WAYS)[number]
type Call = 'send' | 'flush' | 'prepare' | 'commit' | 'abort' | 'close'

/** A process with a sink, of whose calls the n-th goes wrong. */
class Life {
  calls = 0
  /** Where it went wrong. */
  failed: Call | undefined
  isOver = false
  /** Resolves when the process dies. */
  readonly death: Promise<void>
  #die!: () => void
  readonly #failing: number
  readonly #way: Way

  constructor(failing: number, way: Way) {
    this.#failing = failing
    this.#way = way
    this.death = new Promise(resolve => {
      this.#die = resolve
    })
  }

  sink(outside: Outside): SinkHandler<object> {
    let rows: string[] = []
    return {
      send: row => this.#call('send', () => void rows.push(JSON.stringify(row))),
      flush: () => this.#call('flush', () => {}),
      prepare: id =>
        this.#call('prepare', () => {
          outside.prepared.set(id, rows)
          rows = []
          return { id }
        }),
      commit: (id, prepared) =>
        this.#call('commit', () => {
          expect(prepared).toEqual({ id })
          const transaction = outside.prepared.get(id)
          if (transaction === undefined) expect(outside.committed.has(id), `transaction ${id}`).toBe(true)
          else outside.committed.set(id, transaction)
          outside.prepared.delete(id)
        }),
      abort: id =>
        this.#call('abort', () => {
          for (const all of [outside.prepared, outside.committed])
            for (const of of all.keys()) if (of > id) all.delete(of)
        }),
      close: () => this.#call('close', () => {}),
    }
  }

  #call<T>(name: Call, act: () => T): T | Promise<T> {
    // Nothing comes out of a dead process, and nobody in it gets an answer.
    if (this.isOver) return new Promise<never>(() => {})
    if (++this.calls !== this.#failing) return act()
    this.failed = name
    const error = new Error(`${name}: injected`)
    if (this.#way === 'throws, nothing done') throw error
    if (this.#way === 'rejects, nothing done') return Promise.reject(error)
    act()
    if (this.#way === 'rejects, all done') return Promise.reject(error)
    this.isOver = true
    this.#die()
    return new Promise<never>(() => {})
  }
}

/** What a job that goes on from the newest checkpoint fails on; 'dead': it has not come to an end. */
async function live(
  life: Life,
  store: CheckpointStore,
  outside: Outside,
): Promise<EventfluxError | 'dead' | undefined> {
  const run = async (): Promise<undefined> => {
    const job = await counts.run({
      source: events,
      sink: life.sink(outside),
      checkpoint: { store, everyEvents: 13, retain: 2 },
      restore: 'latest',
    })
    await job.done
    return undefined
  }
  return Promise.race([run().catch((error: EventfluxError) => error), life.death.then(() => 'dead' as const)])
}

/** A store that keeps nothing for a process that is dead. */
const ofLife = (store: CheckpointStore, life: Life): CheckpointStore => ({
  ...store,
  put: (id, bytes) => (life.isOver ? new Promise<never>(() => {}) : store.put(id, bytes)),
})

const never = (): Life => new Life(Number.POSITIVE_INFINITY, 'dies, all done')

async function uninterrupted(): Promise<string[]> {
  const outside = new Outside()
  expect(await live(never(), memoryStore(), outside)).toBe(undefined)
  expect(outside.rows.length).toBe(28)
  return outside.rows
}

describe('a sink that takes rows in transactions', () => {
  it.each(WAYS)('has each row once after the next start, whichever of its calls goes wrong: it %s', async way => {
    const expected = await uninterrupted()
    const failed = new Set<Call>()
    for (let n = 1; ; n++) {
      const store = memoryStore()
      const outside = new Outside()
      const life = new Life(n, way)
      const error = await live(life, ofLife(store, life), outside)
      if (life.failed === undefined) break
      failed.add(life.failed)
      if (way === 'dies, all done') expect(error).toBe('dead')
      else
        expect(error, `call ${n}`).toMatchObject({ code: 'SINK_FAILED', message: expect.stringContaining('injected') })
      life.isOver = true
      expect(await live(never(), store, outside), `call ${n}`).toBe(undefined)
      expect(outside.rows, `call ${n}, ${life.failed}`).toEqual(expected)
      expect(outside.prepared.size).toBe(0)
    }
    expect([...failed].sort()).toEqual(['abort', 'close', 'commit', 'flush', 'prepare', 'send'])
  })

  it('has each row once after any number of starts that go wrong anywhere', async () => {
    const expected = await uninterrupted()
    const lives = fc.array(fc.tuple(fc.integer({ min: 1, max: 45 }), fc.constantFrom(...WAYS)), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(lives, async all => {
        const store = memoryStore()
        const outside = new Outside()
        for (const [n, way] of all) {
          const life = new Life(n, way)
          await live(life, ofLife(store, life), outside)
          life.isOver = true
        }
        expect(await live(never(), store, outside)).toBe(undefined)
        expect(outside.rows).toEqual(expected)
        expect(outside.prepared.size).toBe(0)
      }),
      { numRuns: 25 },
    )
  })

  it('is not asked to commit what no checkpoint has that is durable, or once it is closed', async () => {
    for (const isFailing of [true, false]) {
      const kept = memoryStore()
      let free = (): void => {}
      const calls: string[] = []
      const store: CheckpointStore = {
        ...kept,
        async put(id, bytes) {
          await new Promise<void>(resolve => {
            free = resolve
          })
          await kept.put(id, bytes)
        },
      }
      const job = await counts.run({
        sink: {
          send() {
            if (isFailing && calls.length > 0) throw new Error('no more')
          },
          prepare: () => void calls.push('prepare'),
          commit: () => void calls.push('commit'),
          close: () => void calls.push('close'),
        },
        checkpoint: { store },
      })
      job.pushMany(events.slice(0, 5))
      const taken = job.checkpoint().catch((error: EventfluxError) => error.code)
      await new Promise(resolve => setImmediate(resolve))
      expect(calls).toEqual(['prepare'])
      if (isFailing) job.pushMany(events.slice(5))
      else void job.stop({ drain: false })
      await job.done.catch(() => {})
      expect(calls).toEqual(['prepare', 'close'])
      free()
      expect(await taken).toBe(isFailing ? 'SINK_FAILED' : 'CLOSED')
      await new Promise(resolve => setTimeout(resolve, 5))
      expect(calls).toEqual(['prepare', 'close'])
      // It was durable all the same: who goes on from it commits.
      expect(await kept.list()).toEqual([1])
    }
  })
})

describe('a sink that loses what it was to keep', () => {
  it('has no checkpoint made of it, though it answers the next time it is asked', async () => {
    const store = memoryStore()
    const clock = new VirtualClock(0)
    let flushes = 0
    let reject = (_: Error): void => {}
    const job = await counts.run({
      sink: {
        send: () => {},
        // Asked when nothing is left to do; the second one is that of the checkpoint.
        flush: () => (flushes++ === 0 ? new Promise<void>((_, no) => (reject = no)) : undefined),
      },
      checkpoint: { store },
      clock,
    })
    await job.pushMany(events)
    await new Promise(resolve => setTimeout(resolve, 5))
    // Once since the first rows, once since the last.
    clock.advance(1_000)
    clock.advance(1_000)
    expect(flushes).toBe(1)
    const taken = job.checkpoint().catch((error: EventfluxError) => error.code)
    reject(new Error('lost'))
    await expect(job.done).rejects.toMatchObject({ code: 'SINK_FAILED' })
    expect(await taken).toBe('SINK_FAILED')
    await new Promise(resolve => setTimeout(resolve, 5))
    expect(await store.list()).toEqual([])
  })
})
