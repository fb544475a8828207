import { beforeAll, describe, expect, it } from 'vitest'
import { SharedEventPool, SharedEventQueue } from '../../src/queues/index.ts'
import { f64, i32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { bundledThread, startThread } from './threads.ts'

const events = schema({ thread: i32(), at: f64().nullable() })

let bundle: string
beforeAll(async () => {
  bundle = await bundledThread('test/concurrency/pool.thread.ts')
})

describe('threads at one pool', () => {
  it.each([1, 3, 5, 70])('never hold one event at once, and lose none: 4 of them, %d events', async capacity => {
    const pool = SharedEventPool.create(events, { capacity })
    const holders = new SharedArrayBuffer(4 * capacity)
    const threads = [1, 2, 3, 4].map(thread =>
      startThread<number>(bundle, { pool: pool.share(), role: 'churn', thread, count: 20_000, holders }),
    )
    expect(await Promise.all(threads.map(({ result }) => result))).toEqual([0, 0, 0, 0])
    const { acquired, released, available, exhausted } = pool.stats()
    expect(acquired + exhausted).toBe(80_000)
    expect(released).toBe(acquired)
    expect(available).toBe(capacity)
    expect(new Set(Array.from({ length: capacity }, () => pool.acquire() % 2 ** 24)).size).toBe(capacity)
    expect(pool.acquire()).toBe(-1)
  })

  it('send each other events by their handles', async () => {
    const pool = SharedEventPool.create(events, { capacity: 7 })
    const queue = SharedEventQueue.numbers({ capacity: 3 })
    const parts = { pool: pool.share(), queue: queue.share() }
    const receivers = [1, 2].map(thread => startThread<number>(bundle, { ...parts, role: 'receive', thread }))
    const senders = [3, 4].map(thread => startThread<number>(bundle, { ...parts, role: 'send', thread, count: 10_000 }))
    await Promise.all(senders.map(({ result }) => result))
    queue.close()
    const sums = await Promise.all(receivers.map(({ result }) => result))
    expect(sums[0]! + sums[1]!).toBe(10_000 * 9_999)
    expect(pool.stats()).toMatchObject({ acquired: 20_000, released: 20_000, available: 7 })
  })

  it('that die give back what they held', async () => {
    const pool = SharedEventPool.create(events, { capacity: 5 })
    const { worker, result } = startThread<{ member: number; mine: number[] }>(bundle, {
      pool: pool.share(),
      role: 'hold and hang',
      thread: 1,
      count: 3,
    })
    const { member, mine } = await result
    expect(pool.read(mine[0]!)).toEqual({ thread: 1, at: mine[0] })
    await worker.terminate()
    const own = [pool.acquire(), pool.acquire()]
    expect(pool.acquire()).toBe(-1)
    expect(pool.recover(member)).toBe(3)
    expect(mine.map(event => pool.isHeld(event))).toEqual([false, false, false])
    expect(own.map(event => pool.isHeld(event))).toEqual([true, true])
    for (let i = 0; i < 3; i++) expect(pool.read(pool.acquire())).toEqual({ thread: 0, at: null })
    expect(pool.acquire()).toBe(-1)
  })
})
