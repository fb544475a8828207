import { beforeAll, describe, expect, it } from 'vitest'
import { SharedEventQueue } from '../../src/queues/index.ts'
import { expectBalanced } from '../balanced-ledger.ts'
import { bounded } from '../bounded.ts'
import { type Event, isLinearizable } from './linearizability.ts'
import { PARTS, type Timed } from './recorded-rounds.ts'
import { bundledThread, startThread, type Thread } from './threads.ts'

let bundle: string
beforeAll(async () => {
  bundle = await bundledThread('test/concurrency/queue.thread.ts')
})

const start = <R>(queue: SharedEventQueue<number>, role: string, more: object = {}): Thread<R> =>
  startThread<R>(bundle, { handle: queue.share(), role, ...more })

const settled = (queue: SharedEventQueue<number>): void => {
  expectBalanced(queue.stats())
  expect(queue.length).toBe(0)
}

describe.each(['wasm', 'js'] as const)('threads on the engine %s', engine => {
  it.each(['spsc', 'mpmc'] as const)('pass 100,000 numbers through capacity 3 in order: %s', async kind => {
    const queue = SharedEventQueue.numbers({ capacity: 3, kind, engine })
    expect(queue.engine).toBe(engine)
    const count = 100_000
    const consumer = start<Float64Array>(queue, 'consume')
    const producer = start<number>(queue, 'produce', { first: 0, count })
    expect(await producer.result).toBe(count)
    queue.close()
    expect(await consumer.result).toEqual(Float64Array.from({ length: count }, (_, i) => i))
    settled(queue)
  })

  it('pass 4 × 25,000 numbers to 4 consumers through capacity 3, every one exactly once, each producer’s in order', async () => {
    const queue = SharedEventQueue.numbers({ capacity: 3, engine })
    const count = 25_000
    const consumers = [0, 1, 2, 3].map(() => start<Float64Array>(queue, 'consume'))
    const producers = [0, 1, 2, 3].map(i => start<number>(queue, 'produce', { first: i * count, count }))
    expect(await Promise.all(producers.map(({ result }) => result))).toEqual([count, count, count, count])
    queue.close()
    const got = await Promise.all(consumers.map(({ result }) => result))
    expect(got.flatMap(each => [...each]).sort((a, b) => a - b)).toEqual(Array.from({ length: 4 * count }, (_, i) => i))
    for (const each of got) expectOrderOfProducers(each, count)
    settled(queue)
  })

  it.each(['spsc', 'mpmc'] as const)('pass batches as they pass single numbers: %s', async kind => {
    const queue = SharedEventQueue.numbers({ capacity: 11, kind, engine })
    const count = bounded(10_000, 50_000)
    const consumer = start<Float64Array>(queue, 'batches out')
    await start(queue, 'batches in', { first: 0, count }).result
    queue.close()
    expect(await consumer.result).toEqual(Float64Array.from({ length: count }, (_, i) => i))
    settled(queue)
  })

  it('evict the oldest for every arrival that finds no room, and lose no other', async () => {
    const queue = SharedEventQueue.numbers({ capacity: 3, backpressure: 'drop-oldest', engine })
    const count = bounded(5_000, 25_000)
    const consumers = [0, 1].map(() => start<Float64Array>(queue, 'consume'))
    const producers = [0, 1, 2].map(i => start<number>(queue, 'produce', { first: i * count, count }))
    expect(await Promise.all(producers.map(({ result }) => result))).toEqual([count, count, count])
    queue.close()
    const got = await Promise.all(consumers.map(({ result }) => result))
    const values = got.flatMap(each => [...each])
    expect(new Set(values).size).toBe(values.length)
    for (const each of got) expectOrderOfProducers(each, count)
    const { accepted, delivered, evicted } = queue.stats()
    expect(accepted).toBe(3 * count)
    expect(delivered).toBe(values.length)
    expect(evicted).toBe(accepted - delivered)
    settled(queue)
  })

  it.each(['spsc', 'mpmc'] as const)('leave histories that a first-in-first-out list explains: %s', async kind => {
    const capacity = 2
    const rounds = bounded(100, 400)
    const record = async (): Promise<Timed[]> => {
      const queue = SharedEventQueue.numbers({ capacity, kind, engine })
      const clock = new SharedArrayBuffer(64)
      const threads = PARTS[kind].map((_, thread) => start<Timed[]>(queue, 'record', { clock, thread, count: rounds }))
      return (await Promise.all(threads.map(({ result }) => result))).flat().sort((a, b) => a.at - b.at)
    }
    // On a busy machine the threads of one recording may take turns by chance, and calls that don't overlap tell little.
    for (let recordings = 0, overlapping = 0; overlapping === 0; recordings++) {
      expect(recordings).toBeLessThan(30)
      const recorded = await record()
      const histories = Array.from({ length: rounds }, (): Event[] => [])
      for (const { round, event } of recorded) histories[round]!.push(event)
      for (const history of histories) if (!isLinearizable(capacity, history)) expect.fail(JSON.stringify(history))
      overlapping = recorded.filter(
        ({ event }, i) => event.type === 'call' && recorded[i + 1]?.event.type === 'call',
      ).length
    }
  })
})

describe('a thread that dies', () => {
  it('between claim and publish leaves slots that are given up, and nothing else stops', async () => {
    const queue = SharedEventQueue.numbers({ capacity: 5 })
    queue.tryPush(1)
    const { worker, result } = start<{ member: number; got: number }>(queue, 'claim and hang', { count: 2 })
    const { member, got } = await result
    expect(got).toBe(2)
    queue.tryPush(2)
    await worker.terminate()
    expect(queue.tryPop()).toBe(1)
    expect(queue.tryPop()).toBeUndefined()
    expect(queue.recover(member)).toEqual({ givenUp: 2, lost: 0 })
    expect(queue.tryPop()).toBe(2)
    expect(queue.recover(member)).toEqual({ givenUp: 0, lost: 0 })
    for (let i = 0; i < 20; i++) {
      expect(queue.pushBatch([1, 2, 3, 4, 5, 6])).toBe(5)
      expect(queue.drain()).toEqual([1, 2, 3, 4, 5])
    }
    settled(queue)
  })

  it('between take and release leaves events that count as failed, and room for others', async () => {
    const queue = SharedEventQueue.numbers({ capacity: 3 })
    queue.pushBatch([1, 2, 3])
    const { worker, result } = start<{ member: number; got: number }>(queue, 'take and hang', { count: 2 })
    const { member } = await result
    await worker.terminate()
    expect(queue.tryPush(4)).toBe(false)
    expect(queue.recover(member)).toEqual({ givenUp: 0, lost: 2 })
    expect(queue.pushBatch([4, 5, 6])).toBe(2)
    expect(queue.drain()).toEqual([3, 4, 5])
    expect(queue.stats()).toMatchObject({ accepted: 5, delivered: 3, failed: 2, queued: 0 })
    settled(queue)
  })

  it('and was the only producer gives way to another', async () => {
    const queue = SharedEventQueue.numbers({ capacity: 3, kind: 'spsc' })
    const { worker, result } = start<{ member: number }>(queue, 'claim and hang', { count: 2 })
    const { member } = await result
    await worker.terminate()
    expect(() => queue.tryPush(1)).toThrow(/another thread pushes/)
    queue.recover(member)
    expect(queue.pushBatch([1, 2, 3])).toBe(3)
    expect(queue.drain()).toEqual([1, 2, 3])
  })
})

/** Whether the values of each producer rise. */
function expectOrderOfProducers(values: Float64Array, count: number): void {
  const last = new Map<number, number>()
  for (const value of values) {
    const producer = Math.floor(value / count)
    if (value <= (last.get(producer) ?? -1)) expect.fail(`${value} after ${last.get(producer)}`)
    last.set(producer, value)
  }
}
