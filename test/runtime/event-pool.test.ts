import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EventfluxError } from '../../src/errors.ts'
import { MAX_SLOTS, PoolSlots, slotOf } from '../../src/runtime/event-pool/pool-slots.ts'
import { EventPool, type EventPoolOptions } from '../../src/runtime/event-pool.ts'
import { bool, f32, f64, i32, i64, timestamp, u32, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

const trades = schema({ time: timestamp(), symbol: utf8(), price: f64(), note: utf8().nullable() })
const empty = { time: 0, symbol: '', price: 0, note: null }
const poolOf = (options: EventPoolOptions) => new EventPool(trades, options)

function codeOf(act: () => unknown): string | undefined {
  try {
    act()
  } catch (error) {
    return (error as EventfluxError).code
  }
  return undefined
}

describe('acquire', () => {
  it('hands out as many events as the capacity says, then answers -1', () => {
    const pool = poolOf({ capacity: 3 })
    const handles = [pool.acquire(), pool.acquire(), pool.acquire()]
    expect(new Set(handles).size).toBe(3)
    expect(Math.min(...handles)).toBeGreaterThanOrEqual(0)
    expect(pool.acquire()).toBe(-1)
    expect(pool.stats()).toMatchObject({ acquired: 3, available: 0, exhausted: 1, hitRate: 0.75, healthy: false })
  })

  it('throws STATE_FULL instead, if asked to', () => {
    const pool = poolOf({ capacity: 1, whenExhausted: 'throw' })
    pool.acquire()
    expect(codeOf(() => pool.acquire())).toBe('STATE_FULL')
    expect(pool.stats()).toMatchObject({ acquired: 1, exhausted: 1 })
  })

  it('makes all events at the start, or with lazy only when they are needed', () => {
    expect(poolOf({ capacity: 1_000 }).stats()).toMatchObject({ allocated: 1_000, available: 1_000 })
    const lazy = poolOf({ capacity: 1_000, lazy: true })
    expect(lazy.stats()).toMatchObject({ allocated: 0, available: 0, capacity: 1_000 })
    expect(lazy.acquire()).toBeGreaterThanOrEqual(0)
    expect(lazy.stats().allocated).toBeLessThan(1_000)
    for (let i = 1; i < 1_000; i++) lazy.acquire()
    expect(lazy.stats()).toMatchObject({ allocated: 1_000, available: 0, grown: 0 })
    expect(lazy.acquire()).toBe(-1)
  })

  it('of a growable pool goes beyond the capacity, and counts it', () => {
    const pool = poolOf({ capacity: 2, growable: true })
    const handles = Array.from({ length: 200 }, () => pool.acquire())
    handles.forEach((handle, i) => {
      pool.write(handle, { time: i, symbol: `s${i}`, price: i / 2 })
    })
    expect(handles.map(handle => pool.get(handle, 'symbol'))).toEqual(handles.map((_, i) => `s${i}`))
    expect(pool.stats()).toMatchObject({ grown: 198, allocated: 200, acquired: 200, healthy: false })
  })

  it('counts memory that runs out as none left', () => {
    const pool = poolOf({ capacity: 64, growable: true, maxMemory: 65_536 })
    let acquired = 0
    while (pool.acquire() >= 0) acquired++
    expect(acquired).toBeGreaterThanOrEqual(64)
    expect(pool.stats()).toMatchObject({ acquired, exhausted: 1 })
    expect(codeOf(() => poolOf({ capacity: 100_000, maxMemory: 65_536 }))).toBe('STATE_FULL')
  })

  it.each([0, -1, 1.5, Number.NaN, MAX_SLOTS + 1])('refuses a capacity of %d', capacity => {
    expect(codeOf(() => poolOf({ capacity }))).toBe('OPTION_INVALID')
  })

  it('refuses to answer as nobody does', () => {
    for (const options of [{ whenExhausted: 'wait' }, { doubleRelease: 'ignore' }] as object[])
      expect(codeOf(() => poolOf({ capacity: 1, ...options }))).toBe('OPTION_INVALID')
  })
})

describe('release', () => {
  it('empties every field: numbers 0, nullable ones null, strings gone', () => {
    const all = schema({
      a: f64(),
      b: f32(),
      c: i32(),
      d: u32(),
      e: i64(),
      f: bool(),
      g: timestamp(),
      h: utf8(),
      i: f64().nullable(),
      j: i64().nullable(),
      k: utf8().nullable(),
      l: bool().nullable(),
    })
    const pool = new EventPool(all, { capacity: 1 })
    const nothing = { a: 0, b: 0, c: 0, d: 0, e: 0n, f: false, g: 0, h: '', i: null, j: null, k: null, l: null }
    const handle = pool.acquire()
    expect(pool.read(handle)).toEqual(nothing)
    const full = { a: 1, b: 2, c: 3, d: 4, e: 5n, f: true, g: 6, h: 'x', i: 7, j: 8n, k: 'y', l: false }
    pool.write(handle, full)
    expect(pool.read(handle)).toEqual(full)
    pool.release(handle)
    expect(pool.read(pool.acquire())).toEqual(nothing)
  })

  it('lets strings go: a small pool never runs out of room for new ones', () => {
    const pool = poolOf({ capacity: 2 })
    const kept = pool.acquire()
    pool.set(kept, 'symbol', 'kept')
    for (let i = 0; i < 5_000; i++) {
      const handle = pool.acquire()
      pool.set(handle, 'symbol', `symbol ${i}`)
      pool.set(handle, 'note', `note ${i}`)
      expect(pool.read(handle)).toEqual({ ...empty, symbol: `symbol ${i}`, note: `note ${i}` })
      pool.release(handle)
    }
    expect(pool.get(kept, 'symbol')).toBe('kept')
  })

  it('into a full pool lets go of the event, and counts it', () => {
    const pool = poolOf({ capacity: 2, growable: true })
    const handles = Array.from({ length: 5 }, () => pool.acquire())
    for (const handle of handles) pool.release(handle)
    expect(pool.stats()).toMatchObject({ available: 2, allocated: 2, released: 5, discarded: 3, grown: 3 })
    const again = Array.from({ length: 4 }, () => pool.acquire())
    expect(again.map(handle => pool.read(handle))).toEqual([empty, empty, empty, empty])
    expect(pool.stats()).toMatchObject({ available: 0, allocated: 4, grown: 5 })
  })

  it('for a second time throws DOUBLE_RELEASE and changes nothing', () => {
    const pool = poolOf({ capacity: 2 })
    const first = pool.acquire()
    pool.release(first)
    expect(codeOf(() => pool.release(first))).toBe('DOUBLE_RELEASE')
    const second = pool.acquire()
    pool.set(second, 'price', 5)
    expect(codeOf(() => pool.release(first))).toBe('DOUBLE_RELEASE')
    expect(pool.get(second, 'price')).toBe(5)
    expect(pool.stats()).toMatchObject({ doubleReleases: 2, released: 1, available: 1 })
  })

  it('for a second time only counts, if asked to', () => {
    const pool = poolOf({ capacity: 2, doubleRelease: 'count' })
    const handle = pool.acquire()
    expect([pool.release(handle), pool.release(handle)]).toEqual([true, false])
    expect(pool.stats()).toMatchObject({ doubleReleases: 1, released: 1, available: 2 })
  })

  it.each([-1, -2, 0, 1, 5, 1.5, Number.NaN, Number.POSITIVE_INFINITY, MAX_SLOTS, 2 ** 60, '0', undefined])(
    'does not believe in a handle %s that nobody got',
    handle => {
      const pool = poolOf({ capacity: 2 })
      expect(codeOf(() => pool.release(handle as number))).toBe('DOUBLE_RELEASE')
      expect(pool.isHeld(handle as number)).toBe(false)
      expect(pool.stats().available).toBe(2)
    },
  )
})

describe('an event of a pool', () => {
  it('is refused after its release, whichever way it is reached', () => {
    const pool = poolOf({ capacity: 1 })
    const handle = pool.acquire()
    const view = pool.view(handle)
    pool.release(handle)
    pool.acquire()
    for (const use of [
      () => pool.get(handle, 'price'),
      () => pool.set(handle, 'price', 1),
      () => pool.read(handle),
      () => pool.write(handle, { time: 0, symbol: '', price: 1 }),
      () => pool.view(handle),
      () => view.price,
      () => {
        view.price = 1
      },
    ])
      expect(codeOf(use)).toBe('CLOSED')
  })

  it('is read and written through one view', () => {
    const pool = poolOf({ capacity: 2 })
    const [first, second] = [pool.acquire(), pool.acquire()]
    const view = pool.view(first)
    view.symbol = 'EVF'
    view.price = 2
    pool.view(second).price = 3
    expect(view.price).toBe(3)
    expect({ ...pool.view(first) }).toEqual({ ...empty, symbol: 'EVF', price: 2 })
  })

  it('takes only fields of the schema, and values that fit', () => {
    const pool = poolOf({ capacity: 1 })
    const handle = pool.acquire()
    for (const name of ['volume', '__proto__', 'constructor', 'toString'])
      expect(codeOf(() => pool.get(handle, name as never))).toBe('EVENT_INVALID')
    expect(() => pool.set(handle, 'price', '1' as never)).toThrow(expect.objectContaining({ at: 'price' }))
    expect(() => pool.set(handle, 'symbol', null as never)).toThrow(expect.objectContaining({ at: 'symbol' }))
    expect(pool.read(handle)).toEqual(empty)
  })

  it('is not torn by a row whose getter makes the pool grow', () => {
    const pool = poolOf({ capacity: 1, growable: true })
    const handle = pool.acquire()
    const row = {
      time: 1,
      get symbol() {
        if (pool.stats().acquired === 1) pool.acquire()
        return 'EVF'
      },
      price: 2,
    }
    pool.write(handle, row)
    expect(pool.read(handle)).toEqual({ time: 1, symbol: 'EVF', price: 2, note: null })
  })
})

describe('a pool', () => {
  it('keeps every event apart and its numbers right, under any schedule', () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('acquire' as const),
        price: fc.double(),
        note: fc.option(fc.string(), { nil: null }),
      }),
      fc.record({ do: fc.constant('release' as const), nth: fc.nat(30) }),
      fc.record({ do: fc.constant('stale' as const), nth: fc.nat(30) }),
    )
    const options = fc.record({ capacity: fc.integer({ min: 1, max: 8 }), lazy: fc.boolean(), growable: fc.boolean() })
    fc.assert(
      fc.property(options, fc.array(step, { maxLength: 80 }), (options, steps) => {
        const pool = poolOf({ ...options, doubleRelease: 'count' })
        const held = new Map<number, { price: number; note: string | null }>()
        const stale: number[] = []
        let released = 0
        let refused = 0
        for (const step of steps) {
          if (step.do === 'acquire') {
            const handle = pool.acquire()
            expect(handle === -1).toBe(!options.growable && held.size === options.capacity)
            if (handle === -1) continue
            expect(held.has(handle) || stale.includes(handle)).toBe(false)
            expect(pool.read(handle)).toEqual(empty)
            pool.set(handle, 'price', step.price)
            pool.set(handle, 'note', step.note)
            held.set(handle, { price: step.price, note: step.note })
          } else if (step.do === 'release' && held.size > 0) {
            const handle = [...held.keys()][step.nth % held.size]!
            expect(pool.release(handle)).toBe(true)
            held.delete(handle)
            stale.push(handle)
            released++
          } else if (step.do === 'stale' && stale.length > 0) {
            expect(pool.release(stale[step.nth % stale.length]!)).toBe(false)
            refused++
          }
          for (const [handle, { price, note }] of held) expect(pool.read(handle)).toEqual({ ...empty, price, note })
          const stats = pool.stats()
          expect(stats).toMatchObject({ released, doubleReleases: refused, acquired: held.size + released })
          expect(stats.allocated).toBe(held.size + stats.available)
          expect(stats.available).toBeLessThanOrEqual(options.capacity)
        }
      }),
    )
  })

  it('is healthy as long as more than 0.8 of the acquisitions found an event', () => {
    const pool = poolOf({ capacity: 1 })
    expect(pool.stats()).toMatchObject({ hitRate: 1, healthy: true })
    for (let i = 0; i < 4; i++) pool.release(pool.acquire())
    pool.acquire()
    pool.acquire()
    expect(pool.stats()).toMatchObject({ hitRate: 5 / 6, healthy: true })
    pool.acquire()
    expect(pool.stats()).toMatchObject({ hitRate: 5 / 7, healthy: false })
  })
})

describe('the slots of a pool', () => {
  it('start their generations anew instead of giving out handles that are no exact integers', () => {
    const slots = new PoolSlots()
    slots.extend(1, 'free')
    const first = slots.acquire()
    const last = slotOf(first) + MAX_SLOTS * (2 ** 29 - 1)
    expect(Number.isSafeInteger(last)).toBe(true)
    expect(Number.isSafeInteger(last + MAX_SLOTS)).toBe(false)
    slots.release(last)
    expect(slots.acquire()).toBe(first)
  })
})
