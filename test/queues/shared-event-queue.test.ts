import { describe, expect, it } from 'vitest'
import { SharedEventQueue, type SharedQueueHandle } from '../../src/queues/index.ts'
import { f64, i32, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { trade, trades } from './trades.ts'

describe.each(['wasm', 'js'] as const)('a shared queue on the engine %s', engine => {
  it('gives rows back as they were, one by one and in batches, to whoever is attached', () => {
    const queue = SharedEventQueue.rows(trades, { capacity: 7, engine })
    const other = SharedEventQueue.attach<never, ReturnType<typeof trade>>(queue.share())
    expect(other.engine).toBe(engine)
    let next = 0
    let due = 0
    for (let round = 0; round < 30; round++) {
      if (round % 2 === 0) next += queue.pushBatch(Array.from({ length: round % 9 }, (_, i) => trade(next + i)))
      else if (queue.tryPush(trade(next))) next++
      expect(other.length).toBe(next - due)
      for (const row of other.popBatch(1 + (round % 5))) expect(row).toEqual(trade(due++))
    }
    for (const row of other) expect(row).toEqual(trade(due++))
    expect(due).toBe(next)
  })

  it('takes and gives columns', () => {
    const points = schema({ time: timestamp(), size: i32(), price: f64() })
    const queue = SharedEventQueue.rows(points, { capacity: 3_000, engine })
    const rows = 5_000
    const block = {
      time: Float64Array.from({ length: rows }, (_, i) => 1e12 + i),
      size: Int32Array.from({ length: rows }, (_, i) => i),
      price: Float64Array.from({ length: rows }, (_, i) => i / 4),
    }
    expect(queue.pushColumns(block)).toBe(3_000)
    const into = { time: new Float64Array(2_000), size: new Int32Array(2_000), price: new Float64Array(2_000) }
    expect(queue.popColumns(into)).toBe(2_000)
    expect(queue.pushColumns(block, 3_000)).toBe(2_000)
    expect([...into.price]).toEqual([...block.price.subarray(0, 2_000)])
    const seen: number[] = []
    for (let n = queue.popColumns(into); n > 0; n = queue.popColumns(into)) seen.push(...into.size.subarray(0, n))
    expect(seen).toEqual([...block.size.subarray(2_000)])
    expect(() => queue.popColumns({ ...into, size: new Float64Array(9) })).toThrow(/"size" \(i32\)/)
  })

  it('refuses what does not fit, and nothing is claimed for it', () => {
    const queue = SharedEventQueue.rows(trades, { capacity: 2, engine })
    expect(() => queue.tryPush({ ...trade(1), size: 0.5 })).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }))
    expect(() => SharedEventQueue.numbers({ capacity: 2, engine }).tryPush('1' as never)).toThrow(/takes numbers/)
    expect(queue.length).toBe(0)
    expect(queue.tryPush(trade(1))).toBe(true)
    expect(queue.tryPop()).toEqual(trade(1))
  })

  it('waits without blocking: for events, for room, and no longer than it is told', async () => {
    const queue = SharedEventQueue.numbers({ capacity: 1, engine })
    const other = SharedEventQueue.attach<number>(queue.share())
    const popping = other.pop()
    expect(queue.push(1)).toBe(true)
    expect(await popping).toBe(1)
    expect(queue.push(2)).toBe(true)
    const pushing = queue.push(3)
    expect(other.tryPop()).toBe(2)
    expect(await pushing).toBe(true)
    expect(await queue.push(4, { timeoutMs: 1 })).toEqual({ ok: false, reason: 'timeout' })
    expect(queue.pushSync(4, 1)).toEqual({ ok: false, reason: 'timeout' })
    expect(await queue.push(4, { signal: AbortSignal.abort() })).toEqual({ ok: false, reason: 'aborted' })
    expect(other.tryPop()).toBe(3)
    expect(await other.pop({ timeoutMs: 1 })).toBeUndefined()
    expect(other.popSync(1)).toBeUndefined()
    expect(queue.stats()).toMatchObject({ offered: 6, accepted: 3, rejected: { full: 3 }, delivered: 3, queued: 0 })
  })

  it('is closed for all threads at once, and then drained', async () => {
    const queue = SharedEventQueue.numbers({ capacity: 2, engine })
    const other = SharedEventQueue.attach<number>(queue.share())
    expect(await queue.pushMany([1, 2])).toBe(true)
    const pushing = queue.pushMany([3, 4])
    other.close()
    expect(await pushing).toEqual({ ok: false, reason: 'closed', accepted: 0, rejected: 2 })
    expect(queue.state).toBe('closed')
    expect(queue.push(5)).toEqual({ ok: false, reason: 'closed' })
    const got: number[] = []
    for await (const event of other) got.push(event)
    expect(got).toEqual([1, 2])
    expect(await queue.pop()).toBeUndefined()
  })

  it('evicts the oldest, or refuses the newest, as it was told', async () => {
    const oldest = SharedEventQueue.numbers({ capacity: 3, backpressure: 'drop-oldest', engine })
    expect(await oldest.pushMany([1, 2, 3, 4, 5])).toBe(true)
    expect(oldest.tryPush(6)).toBe(false)
    expect(oldest.drain()).toEqual([3, 4, 5])
    expect(oldest.stats()).toMatchObject({ accepted: 5, evicted: 2, delivered: 3, rejected: { full: 1 } })
    const rows = SharedEventQueue.rows(trades, { capacity: 1, backpressure: 'drop-oldest', engine })
    for (const i of [1, 2, 3]) expect(rows.push(trade(i))).toBe(true)
    expect(rows.drain()).toEqual([trade(3)])
    const newest = SharedEventQueue.numbers({ capacity: 1, backpressure: 'drop-newest', engine })
    expect([newest.push(1), newest.push(2), newest.pushSync(3)]).toEqual([
      true,
      { ok: false, reason: 'full' },
      { ok: false, reason: 'full' },
    ])
  })
})

describe('what a shared queue is made with', () => {
  const code = (make: () => unknown): string => {
    try {
      make()
    } catch (error) {
      return (error as { code: string }).code
    }
    return 'none'
  }

  it('is checked', () => {
    for (const capacity of [0, 1.5, 2 ** 24 + 1, Number.NaN])
      expect(code(() => SharedEventQueue.numbers({ capacity }))).toBe('OPTION_INVALID')
    expect(code(() => SharedEventQueue.numbers({ capacity: 1, members: 0 }))).toBe('OPTION_INVALID')
    expect(code(() => SharedEventQueue.numbers({ capacity: 1, kind: 'spsc', backpressure: 'drop-oldest' }))).toBe(
      'OPTION_INVALID',
    )
    expect(code(() => SharedEventQueue.rows(schema({ name: utf8() }), { capacity: 1 }))).toBe('SCHEMA_INVALID')
  })

  it('has so many places, which can be given back', () => {
    const queue = SharedEventQueue.numbers({ capacity: 1, members: 2 })
    const other = SharedEventQueue.attach(queue.share())
    expect(code(() => SharedEventQueue.attach(queue.share()))).toBe('OPTION_INVALID')
    other.detach()
    expect(SharedEventQueue.attach(queue.share()).memberId).toBe(other.memberId)
  })

  it('is attached to by its handle only', () => {
    const handle = SharedEventQueue.numbers({ capacity: 1 }).share()
    const broken = [undefined, {}, { ...handle, memory: {} }, { ...handle, kind: 'x' }, { ...handle, capacity: -1 }]
    for (const each of broken)
      expect(code(() => SharedEventQueue.attach(each as SharedQueueHandle))).toBe('OPTION_INVALID')
    const tooLarge = { ...handle, capacity: 2 ** 20 }
    expect(code(() => SharedEventQueue.attach(tooLarge))).toBe('OPTION_INVALID')
  })
})
