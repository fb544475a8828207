import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EventfluxError } from '../../src/errors.ts'
import { SharedEventPool, type SharedEventPoolOptions, type SharedPoolHandle } from '../../src/queues/index.ts'
import { EventPool } from '../../src/runtime/event-pool.ts'
import { f64, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { trade, trades } from './trades.ts'

const EMPTY = { time: 0, size: 0, price: null, id: 0n, small: 0, code: null, isBuy: false }

const poolOf = (options: SharedEventPoolOptions) => SharedEventPool.create(trades, options)

function codeOf(act: () => unknown): string | undefined {
  try {
    act()
  } catch (error) {
    return (error as EventfluxError).code
  }
  return undefined
}

describe('a shared pool', () => {
  it('keeps the fields of events apart, for whoever is attached', () => {
    const pool = poolOf({ capacity: 70 })
    const other = SharedEventPool.attach(pool.share(), trades)
    const handles = Array.from({ length: 70 }, (_, i) => (i % 2 === 0 ? pool : other).acquire())
    expect(new Set(handles).size).toBe(70)
    handles.forEach((handle, i) => {
      expect(pool.read(handle)).toEqual(EMPTY)
      pool.write(handle, trade(i))
    })
    handles.forEach((handle, i) => {
      expect(other.read(handle)).toEqual(trade(i))
      expect([other.get(handle, 'price'), other.get(handle, 'id')]).toEqual([trade(i).price, trade(i).id])
    })
    expect([pool.acquire(), other.acquire()]).toEqual([-1, -1])
    other.view(handles[3]!).price = 9
    pool.set(handles[3]!, 'code', null)
    expect(pool.read(handles[3]!)).toEqual({ ...trade(3), price: 9, code: null })
  })

  it('empties an event at once, whoever releases it, and its handle is good for nothing then', () => {
    const pool = poolOf({ capacity: 1 })
    const other = SharedEventPool.attach(pool.share(), trades)
    const first = pool.acquire()
    pool.write(first, trade(1))
    expect(other.release(first)).toBe(true)
    const second = other.acquire()
    expect(second).not.toBe(first)
    expect(pool.read(second)).toEqual(EMPTY)
    expect(pool.isHeld(first)).toBe(false)
    expect(codeOf(() => pool.release(first))).toBe('DOUBLE_RELEASE')
    for (const use of [() => pool.read(first), () => pool.get(first, 'id'), () => pool.write(first, trade(1))])
      expect(codeOf(use)).toBe('CLOSED')
    for (const odd of [-1, 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])
      expect(codeOf(() => pool.get(odd, 'id'))).toBe('CLOSED')
    expect(pool.stats()).toMatchObject({ acquired: 2, released: 1, doubleReleases: 1, available: 0 })
  })

  it('changes nothing when a value or a row does not fit', () => {
    const pool = poolOf({ capacity: 1 })
    const handle = pool.acquire()
    pool.write(handle, trade(1))
    expect(codeOf(() => pool.write(handle, { ...trade(2), size: 0.5 }))).toBe('EVENT_INVALID')
    expect(codeOf(() => pool.set(handle, 'size', 0.5))).toBe('EVENT_INVALID')
    expect(codeOf(() => pool.set(handle, 'nothing' as 'size', 1))).toBe('EVENT_INVALID')
    expect(pool.read(handle)).toEqual(trade(1))
    // A getter that releases the event: the row isn't written into what is somebody else's by now.
    const row = {
      ...trade(3),
      get isBuy() {
        pool.release(handle)
        return true
      },
    }
    expect(codeOf(() => pool.write(handle, row))).toBe('CLOSED')
    expect(pool.read(pool.acquire())).toEqual(EMPTY)
  })

  it('throws or counts, as it was told, on every thread', () => {
    const pool = poolOf({ capacity: 1, whenExhausted: 'throw', doubleRelease: 'count' })
    const other = SharedEventPool.attach(pool.share(), trades)
    const handle = pool.acquire()
    expect(codeOf(() => other.acquire())).toBe('STATE_FULL')
    expect([pool.release(handle), other.release(handle)]).toEqual([true, false])
    expect(pool.stats()).toMatchObject({ exhausted: 1, doubleReleases: 1, hitRate: 0.5, healthy: false })
  })

  it('refuses options out of range, schemas with text, and what is no handle', () => {
    for (const options of [{ capacity: 0 }, { capacity: 1.5 }, { capacity: 1, members: 256 }])
      expect(codeOf(() => poolOf(options))).toBe('OPTION_INVALID')
    expect(codeOf(() => SharedEventPool.create(schema({ name: utf8() }), { capacity: 1 }))).toBe('SCHEMA_INVALID')
    const handle = poolOf({ capacity: 9, members: 3 }).share()
    const broken: unknown[] = [
      null,
      {},
      { ...handle, memory: new ArrayBuffer(9) },
      { ...handle, memory: new SharedArrayBuffer(128) },
      { ...handle, capacity: 2 ** 24 },
      { ...handle, members: 0 },
      { ...handle, fields: undefined },
    ]
    for (const each of broken)
      expect(codeOf(() => SharedEventPool.attach(each as SharedPoolHandle))).toBe('OPTION_INVALID')
    expect(codeOf(() => SharedEventPool.attach(handle, schema({ ...trades.types, id: f64() }) as never))).toBe(
      'OPTION_INVALID',
    )
    expect(SharedEventPool.attach(handle).memberId).toBe(1)
    expect(SharedEventPool.attach(handle).memberId).toBe(2)
    expect(() => SharedEventPool.attach(handle)).toThrow(/3 threads use this pool/)
  })
})

describe('events of threads that are gone', () => {
  it('come back emptied, and nothing else does', () => {
    const pool = poolOf({ capacity: 4 })
    const dead = SharedEventPool.attach(pool.share(), trades)
    const [lost, adopted] = [dead.acquire(), dead.acquire()]
    const mine = pool.acquire()
    for (const handle of [lost, adopted, mine]) pool.write(handle, trade(handle))
    pool.adopt(adopted)
    expect(pool.recover(dead.memberId)).toBe(1)
    expect([lost, adopted, mine].map(handle => pool.isHeld(handle))).toEqual([false, true, true])
    expect(pool.recover(dead.memberId, 7, -1, 0.5)).toBe(0)
    const again = [pool.acquire(), pool.acquire()]
    for (const handle of again) expect(pool.read(handle)).toEqual(EMPTY)
    expect(pool.acquire()).toBe(-1)
    expect(codeOf(() => pool.adopt(lost))).toBe('CLOSED')
    expect(pool.stats()).toMatchObject({ acquired: 5, released: 0, recovered: 1, available: 0 })
    expect(SharedEventPool.attach(pool.share(), trades).memberId).toBe(dead.memberId)
  })

  it('come back when their thread detaches', () => {
    const pool = poolOf({ capacity: 2 })
    const other = SharedEventPool.attach(pool.share(), trades)
    other.acquire()
    expect(other.detach()).toBe(1)
    expect(pool.stats().available).toBe(2)
  })
})

describe('whatever is asked of it, by whichever of three', () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('acquire' as const), by: fc.nat(2), at: fc.nat(9) }),
    fc.record({ kind: fc.constantFrom('release' as const, 'read' as const), by: fc.nat(2), at: fc.nat(40) }),
    fc.record({ kind: fc.constantFrom('adopt' as const, 'die' as const), by: fc.nat(2), at: fc.nat(9) }),
  )

  it('answers as a list of what is in use would, and as the pool of one thread', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(operation, { maxLength: 120 }), (capacity, operations) => {
        const options = { capacity, doubleRelease: 'count' } as const
        const alone = new EventPool(trades, options)
        const pool = poolOf(options)
        const threads = [
          pool,
          SharedEventPool.attach(pool.share(), trades),
          SharedEventPool.attach(pool.share(), trades),
        ]
        /** Every handle ever: its holder, or none any more. */
        const known: { handle: number; twin: number; value: number; holder: number | undefined }[] = []
        let next = 0
        for (const { kind, by, at } of operations) {
          const thread = threads[by]!
          const one = known[known.length - 1 - at]
          if (kind === 'acquire') {
            const handle = thread.acquire()
            const twin = alone.acquire()
            expect(handle < 0).toBe(twin < 0)
            if (handle < 0) continue
            expect(thread.read(handle)).toEqual(EMPTY)
            thread.write(handle, trade(++next))
            known.push({ handle, twin, value: next, holder: by })
          } else if (kind === 'die' && by > 0) {
            const held = known.filter(({ holder }) => holder === by)
            expect(pool.recover(thread.memberId)).toBe(held.length)
            for (const each of held) {
              each.holder = undefined
              alone.release(each.twin)
            }
            threads[by] = SharedEventPool.attach(pool.share(), trades)
          } else if (one === undefined) continue
          else if (kind === 'release') {
            expect(thread.release(one.handle)).toBe(one.holder !== undefined)
            expect(alone.release(one.twin)).toBe(one.holder !== undefined)
            one.holder = undefined
          } else if (kind === 'adopt' && one.holder !== undefined) {
            thread.adopt(one.handle)
            one.holder = by
          } else if (kind === 'read' && one.holder !== undefined)
            expect(thread.read(one.handle)).toEqual(trade(one.value))
        }
        const used = known.filter(({ holder }) => holder !== undefined)
        expect(new Set(used.map(({ handle }) => handle)).size).toBe(used.length)
        for (const { handle, value } of used) expect(pool.read(handle)).toEqual(trade(value))
        const { acquired, released, recovered, available, doubleReleases } = pool.stats()
        expect(available).toBe(capacity - used.length)
        expect(acquired - released - recovered).toBe(used.length)
        expect(doubleReleases).toBe(alone.stats().doubleReleases)
      }),
    )
  })
})
