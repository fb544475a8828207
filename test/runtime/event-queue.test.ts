import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EventfluxError } from '../../src/errors.ts'
import { EventQueue } from '../../src/runtime/event-queue.ts'
import { MAX_CAPACITY } from '../../src/runtime/event-store/event-store.ts'
import { bool, f64, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

function codeOf(act: () => unknown): string | undefined {
  try {
    act()
  } catch (error) {
    return (error as EventfluxError).code
  }
  return undefined
}

const readings = schema({ id: f64(), sensor: utf8(), note: utf8().nullable(), isHot: bool().nullable() })
const reading = (id: number) => ({
  id,
  sensor: `s${id % 7}`,
  note: id % 3 === 0 ? null : `n${id}`,
  isHot: id % 2 === 0,
})

/** The three kinds, each with a way to make its n-th event. */
const kinds = [
  {
    kind: 'values',
    make: (options: { capacity: number }) => new EventQueue<unknown>(options),
    event: (id: number) => ({ id }),
  },
  {
    kind: 'numbers',
    make: (options: { capacity: number }) => EventQueue.numbers(options) as unknown as EventQueue<unknown>,
    event: (id: number) => id,
  },
  {
    kind: 'rows',
    make: (options: { capacity: number }) => EventQueue.rows(readings, options) as unknown as EventQueue<unknown>,
    event: reading,
  },
]

describe.each(kinds)('a queue of $kind', ({ make, event }) => {
  it.each([1, 2, 3, 5, 8, 100])('keeps a capacity of %i exactly, over many turns of its ring', capacity => {
    const queue = make({ capacity })
    let pushed = 0
    let popped = 0
    for (let turn = 0; turn < 50; turn++) {
      while (queue.tryPush(event(pushed))) pushed++
      expect([queue.length, queue.capacity, queue.remaining, queue.isFull]).toEqual([capacity, capacity, 0, true])
      for (let i = 0; i <= turn % capacity; i++) expect(queue.tryPop()).toEqual(event(popped++))
      expect(queue.length).toBe(pushed - popped)
    }
  })

  it('behaves as a list does, under any order of operations', () => {
    const operation = fc.oneof(
      fc.constantFrom('tryPush', 'tryPush', 'tryPush', 'tryPop', 'peek', 'drain', 'clear'),
      fc.integer({ min: 1, max: 5 }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(operation, { maxLength: 60 }), (capacity, operations) => {
        const queue = make({ capacity })
        const list: unknown[] = []
        let id = 0
        for (const operation of operations) {
          if (operation === 'tryPush') {
            const fits = list.length < capacity
            if (fits) list.push(event(id))
            expect(queue.tryPush(event(id++))).toBe(fits)
          } else if (operation === 'tryPop') expect(queue.tryPop()).toEqual(list.shift())
          else if (operation === 'peek') expect(queue.peek()).toEqual(list[0])
          else if (operation === 'drain') expect(queue.drain()).toEqual(list.splice(0))
          else if (operation === 'clear') expect(queue.clear()).toBe(list.splice(0).length)
          else expect(queue.popBatch(operation as number)).toEqual(list.splice(0, operation as number))
          expect([queue.length, queue.isEmpty]).toEqual([list.length, list.length === 0])
        }
      }),
    )
  })

  it('grows in order under unbounded and shrinks again', () => {
    const queue = make({ capacity: 2 })
    const bytes = queue.stats().bytes
    for (let id = 0; id < 500; id++) expect(queue.push(event(id), { strategy: 'unbounded' })).toBe(true)
    expect([queue.length, queue.capacity]).toEqual([500, 512])
    expect(queue.stats().bytes).toBeGreaterThan(bytes)
    expect(queue.popBatch(400)).toEqual(Array.from({ length: 400 }, (_, id) => event(id)))
    expect(queue.drain()).toEqual(Array.from({ length: 100 }, (_, id) => event(400 + id)))
    expect([queue.capacity, queue.stats().bytes]).toEqual([2, bytes])
  })

  it('grows at any place of its ring without disturbing the order', () => {
    const schedule = fc.array(fc.tuple(fc.nat(12), fc.nat(12)), { maxLength: 12 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), schedule, (capacity, steps) => {
        const queue = make({ capacity })
        let pushed = 0
        let popped = 0
        for (const [pushes, pops] of steps) {
          for (let i = 0; i < pushes; i++) expect(queue.push(event(pushed++), { strategy: 'unbounded' })).toBe(true)
          for (const taken of queue.popBatch(pops)) expect(taken).toEqual(event(popped++))
        }
        expect(queue.length).toBe(pushed - popped)
      }),
    )
  })

  it('refuses undefined, which means that there is nothing', () => {
    const queue = make({ capacity: 2 })
    expect(codeOf(() => queue.tryPush(undefined))).toBe('EVENT_INVALID')
    expect(codeOf(() => queue.push(undefined))).toBe('EVENT_INVALID')
    expect(queue.stats()).toMatchObject({ offered: 0, queued: 0 })
  })

  it.each([0, -1, 1.5, Number.NaN, MAX_CAPACITY + 1, '4'])('refuses a capacity of %s', capacity => {
    expect(codeOf(() => make({ capacity: capacity as number }))).toBe('OPTION_INVALID')
  })

  it.each([{ clock: { now: () => 0 } }, { random: 0.5 }, { onEvict: 'log' }, { onGrow: {} }, { onFull: () => {} }])(
    'refuses what is none of its options: %j',
    option => {
      expect(codeOf(() => make({ capacity: 2, ...(option as object) }))).toBe('OPTION_INVALID')
    },
  )

  it('once closed refuses pushes and lets the rest be taken out', () => {
    const queue = make({ capacity: 3 })
    queue.push(event(0))
    queue.push(event(1))
    queue.close()
    queue.close()
    expect(queue.tryPush(event(2))).toBe(false)
    expect(queue.push(event(2))).toEqual({ ok: false, reason: 'closed' })
    expect([...queue]).toEqual([event(0), event(1)])
    expect(queue.pop()).toBe(undefined)
    expect(queue.stats()).toMatchObject({ rejected: { closed: 2 }, delivered: 2 })
  })
})

describe('push', () => {
  it('answers at once where it can and with a promise only where it must wait', async () => {
    const queue = new EventQueue<string>(1)
    expect(queue.push('a')).toBe(true)
    const second = queue.push('b')
    expect(second).toBeInstanceOf(Promise)
    expect(queue.tryPop()).toBe('a')
    expect(await second).toBe(true)
  })

  it('takes a strategy for one event', () => {
    const queue = new EventQueue<string>(1)
    queue.push('a')
    expect(queue.pushWithStrategy('b', 'drop-newest')).toEqual({ ok: false, reason: 'full' })
    expect(queue.pushWithStrategy('c', 'drop-oldest')).toBe(true)
    expect(queue.drain()).toEqual(['c'])
  })

  it('throws under error, and a reader learns of it once the queue is empty', () => {
    const queue = new EventQueue<string>({ capacity: 1, backpressure: 'error' })
    queue.push('a')
    expect(codeOf(() => queue.push('b'))).toBe('BACKPRESSURE')
    expect(queue.state).toBe('failed')
    expect(queue.pop()).toBe('a')
    expect(codeOf(() => queue.pop())).toBe('BACKPRESSURE')
  })

  it('tells of evicted events in order, after counting them', () => {
    const seen: unknown[] = []
    const queue: EventQueue<number> = new EventQueue<number>({
      capacity: 2,
      backpressure: 'drop-oldest',
      onEvict: event => seen.push([event, queue.stats().evicted]),
    })
    queue.pushMany([1, 2, 3, 4])
    queue.push(5)
    expect(seen.map(pair => (pair as number[])[0])).toEqual([1, 2, 3])
    expect(seen.at(-1)).toEqual([3, 3])
  })

  it('keeps its counts when the callback for evicted events throws', () => {
    const queue = new EventQueue<number>({
      capacity: 1,
      backpressure: 'drop-oldest',
      onEvict: () => {
        throw new Error('side output gone')
      },
    })
    queue.push(1)
    expect(() => queue.push(2)).toThrow('side output gone')
    expect(queue.stats()).toMatchObject({ offered: 1, accepted: 1, evicted: 1, queued: 0 })
  })

  it('warns at each growth and fails at maxBytes', () => {
    const warnings: unknown[] = []
    const queue = EventQueue.numbers({
      capacity: 5,
      backpressure: { kind: 'unbounded', maxBytes: 16 * 8 },
      onGrow: warning => warnings.push(warning),
    })
    for (let i = 0; i < 16; i++) expect(queue.push(i)).toBe(true)
    expect(warnings).toEqual([
      { capacity: 10, bytes: 128 },
      { capacity: 16, bytes: 128 },
    ])
    expect(codeOf(() => queue.push(16))).toBe('BACKPRESSURE')
    expect(queue.drain()).toHaveLength(16)
  })

  it('tries no timer and no listener while there is room', () => {
    const clock = new VirtualClock()
    clock.after = () => {
      throw new Error('a timer was set')
    }
    const queue = new EventQueue<number>({ capacity: 2, backpressure: { kind: 'block', timeoutMs: 5 }, clock })
    const { signal } = new AbortController()
    signal.addEventListener = () => {
      throw new Error('a listener was added')
    }
    expect(queue.push(1, { signal })).toBe(true)
  })
})

describe('pop', () => {
  it('waits for the next event, first come first served', async () => {
    const queue = new EventQueue<string>(2)
    const pops = [queue.pop(), queue.pop(), queue.pop()]
    queue.push('a')
    queue.tryPush('b')
    expect(queue.isEmpty).toBe(true)
    queue.close()
    expect(await Promise.all(pops)).toEqual(['a', 'b', undefined])
    expect(queue.stats()).toMatchObject({ accepted: 2, delivered: 2, highWaterMark: 1 })
  })

  it('in a for await loop ends when the queue is closed and empty', async () => {
    const queue = new EventQueue<number | null>(2)
    const seen: unknown[] = []
    const reading = (async () => {
      for await (const event of queue) seen.push(event)
    })()
    for (const event of [1, null, 3, 4, 5]) expect(await queue.push(event)).toBe(true)
    queue.close()
    await reading
    expect(seen).toEqual([1, null, 3, 4, 5])
  })

  it('in a for await loop throws what failed the queue, after the last event', async () => {
    const queue = new EventQueue<number>({ capacity: 1, backpressure: 'error' })
    queue.push(1)
    expect(codeOf(() => queue.push(2))).toBe('BACKPRESSURE')
    const seen: number[] = []
    const reading = (async () => {
      for await (const event of queue) seen.push(event)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'BACKPRESSURE' })
    expect(seen).toEqual([1])
  })

  it.each([0, -3, Number.NaN])('of a batch of %d takes nothing', max => {
    const queue = new EventQueue<number>(2)
    queue.push(1)
    expect(queue.popBatch(max)).toEqual([])
    expect(queue.stats()).toMatchObject({ delivered: 0, queued: 1 })
  })

  it('of a batch appends to the array given, and lets in who waits afterwards', async () => {
    const queue = new EventQueue<number>(2)
    const pushes = [1, 2, 3, 4].map(event => queue.push(event))
    const into = [0]
    expect(queue.popBatch(10, into)).toBe(into)
    expect(into).toEqual([0, 1, 2])
    expect(await Promise.all(pushes)).toEqual([true, true, true, true])
    expect(queue.drain()).toEqual([3, 4])
  })
})

describe('a queue of values', () => {
  it('takes every value but undefined', () => {
    const values = [null, false, 0, '', Number.NaN, Symbol.iterator, () => 1, 5n]
    const queue = new EventQueue<unknown>(values.length)
    for (const value of values) expect(queue.tryPush(value)).toBe(true)
    expect(queue.drain()).toEqual(values)
  })

  it('lets go of events that were taken out, dropped or cleared', async () => {
    const queue = new EventQueue<object>({ capacity: 4, backpressure: 'drop-oldest' })
    const refs: WeakRef<object>[] = []
    const push = () => {
      const event = { padding: new Array(100) }
      refs.push(new WeakRef(event))
      queue.push(event)
    }
    for (let i = 0; i < 6; i++) push()
    queue.tryPop()
    queue.popBatch(1)
    queue.clear()
    push()
    await new Promise(resolve => setTimeout(resolve))
    ;(globalThis as unknown as { gc(): void }).gc()
    expect(refs.map(ref => ref.deref() !== undefined)).toEqual([false, false, false, false, false, false, true])
  })
})

describe('a queue of numbers', () => {
  it('keeps every number bit by bit, and nothing else', () => {
    const numbers = [0, -0, Number.NaN, Number.NEGATIVE_INFINITY, 2 ** 53, 5e-324, 0.1]
    const queue = EventQueue.numbers(8)
    for (const number of numbers) queue.push(number)
    expect(queue.drain().map(number => Object.is(number, numbers.shift()))).toEqual(Array(7).fill(true))
    for (const other of ['1', null, 1n, {}]) expect(codeOf(() => queue.push(other as never))).toBe('EVENT_INVALID')
    expect(queue.isEmpty).toBe(true)
  })
})
