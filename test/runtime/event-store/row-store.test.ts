import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EventfluxError } from '../../../src/errors.ts'
import { EventQueue } from '../../../src/runtime/event-queue.ts'
import { bool, f32, f64, i32, i64, timestamp, u32, utf8 } from '../../../src/schema/data-type.ts'
import { schema } from '../../../src/schema/schema.ts'

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

describe('a queue of rows', () => {
  const all = schema({
    a: f64(),
    b: f32().nullable(),
    c: i32(),
    d: u32(),
    e: i64().nullable(),
    f: bool(),
    g: timestamp(),
    h: utf8().nullable(),
  })
  const row = fc.record({
    a: fc.double(),
    b: fc.option(fc.float(), { nil: null }),
    c: fc.integer(),
    d: fc.nat(2 ** 31 - 1),
    e: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { nil: null }),
    f: fc.boolean(),
    g: fc.integer({ min: -8.64e15, max: 8.64e15 }),
    h: fc.option(fc.string(), { nil: null }),
  })

  it('gives back rows of every type as they were', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), rows => {
        const queue = EventQueue.rows(all, { capacity: 3, backpressure: 'unbounded' })
        for (const event of rows) expect(queue.push(event)).toBe(true)
        expect(queue.drain()).toEqual(rows)
      }),
    )
  })

  it('refuses a row that does not fit and stays as it was', () => {
    const queue = EventQueue.rows(readings, { capacity: 2 })
    queue.push(reading(1))
    expect(() => queue.tryPush({ id: 2, sensor: 3 } as never)).toThrow(expect.objectContaining({ at: 'sensor' }))
    expect(queue.stats()).toMatchObject({ offered: 1, queued: 1 })
    expect(queue.drain()).toEqual([reading(1)])
  })

  it('is not torn by an event whose getter makes it shrink', () => {
    const queue = EventQueue.rows(readings, { capacity: 2, backpressure: 'unbounded' })
    for (let id = 0; id < 3; id++) queue.push(reading(id))
    queue.popBatch(2)
    expect(queue.capacity).toBe(4)
    const event = {
      ...reading(3),
      get note() {
        queue.tryPop()
        return 'last'
      },
    }
    expect(queue.push(event)).toBe(true)
    expect(queue.capacity).toBe(2)
    expect(queue.drain()).toEqual([{ ...reading(3), note: 'last' }])
  })

  it('refuses an event pushed by a getter of another', () => {
    const queue = EventQueue.rows(readings, { capacity: 2 })
    const event = {
      ...reading(1),
      get sensor() {
        expect(codeOf(() => queue.push(reading(2)))).toBe('EVENT_INVALID')
        return 's1'
      },
    }
    expect(queue.push(event)).toBe(true)
    expect(queue.drain()).toEqual([reading(1)])
  })

  it('reuses the codes of strings that left, and keeps those that are inside', () => {
    const names = schema({ name: utf8() })
    const queue = EventQueue.rows(names, { capacity: 8, maxMemory: 200_000 })
    const next = (id: number) => ({ name: `name ${id}` })
    for (let id = 0; id < 8; id++) queue.push(next(id))
    for (let id = 8; id < 20_000; id++) {
      expect(queue.tryPop()).toEqual(next(id - 8))
      queue.push(next(id))
    }
    expect(queue.drain()).toEqual(Array.from({ length: 8 }, (_, i) => next(19_992 + i)))
  })

  it('holds no more than maxMemory: at first, and when it grows', () => {
    expect(codeOf(() => EventQueue.rows(readings, { capacity: 100_000, maxMemory: 100_000 }))).toBe('STATE_FULL')
    const queue = EventQueue.rows(readings, { capacity: 64, maxMemory: 100_000, backpressure: 'unbounded' })
    let id = 0
    expect(
      codeOf(() => {
        for (;;) queue.push(reading(id++))
      }),
    ).toBe('BACKPRESSURE')
    expect(queue.drain()).toEqual(Array.from({ length: id - 1 }, (_, i) => reading(i)))
  })
})
