import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ColumnField } from '../../src/memory/column-buffers.ts'
import { f64, i32, utf8 } from '../../src/schema/data-type.ts'
import { fieldsArbitrary, fits, stored, valueArbitrary } from './fixture.ts'
import { ROWS, setUpWriter } from './writer-fixture.ts'

const pair: readonly ColumnField[] = [
  { name: 'x', type: i32() },
  { name: 'y', type: f64() },
]

/** A schema, events of it of which some are wrong, where the run begins and how many it takes. */
const scenario = fieldsArbitrary().chain(fields =>
  fc.record({
    fields: fc.constant(fields),
    events: fc.array(
      fc.oneof(
        { weight: 20, arbitrary: fc.tuple(...fields.map(field => valueArbitrary(field.type, 4))) },
        { weight: 1, arbitrary: fc.constantFrom<unknown>(null, undefined, 5, 'event') },
      ),
      { maxLength: ROWS / 2 },
    ),
    from: fc.integer({ min: 0, max: ROWS / 2 }),
    room: fc.integer({ min: 0, max: ROWS / 2 }),
  }),
)

describe.each([true, false])('a run of events (generated: %s)', generate => {
  it('holds those that fit, side by side, as many as it has room for', () => {
    fc.assert(
      fc.property(scenario, ({ fields, events, from, room }) => {
        const { writer, row } = setUpWriter(fields, generate)
        writer.beginRun(from, room)
        const inside: unknown[][] = []
        for (const values of events) {
          const isEvent = Array.isArray(values)
          const event = isEvent ? Object.fromEntries(fields.map((field, i) => [field.name, values[i]])) : values
          const isRight = isEvent && fields.every((field, i) => fits(field.type, values[i]))
          const written = writer.writeNext(event)
          if (inside.length === room || !isEvent) expect(written).toBe(0)
          else expect(written).toBe(isRight ? 1 : -1)
          if (written === 1) inside.push(values as unknown[])
          if (written === -1) expect(writer.lastError().code).toBe('EVENT_INVALID')
          expect(writer.inRun).toBe(inside.length)
        }
        expect(writer.endRun()).toBe(inside.length)
        inside.forEach((values, i) => {
          expect(row(from + i)).toEqual(fields.map((field, k) => stored(field.type.name, values[k])))
        })
        expect([writer.endRun(), writer.inRun, writer.writeNext(events[0])]).toEqual([0, 0, 0])
      }),
    )
  })

  it('begins anew where it is told to, and forgets what it had', () => {
    const { writer, row } = setUpWriter(pair, generate)
    writer.beginRun(0, 5)
    expect(writer.writeNext({ x: 1, y: 1.5 })).toBe(1)
    writer.beginRun(7, 1)
    expect([writer.writeNext({ x: 2, y: 2.5 }), writer.writeNext({ x: 3, y: 3.5 })]).toEqual([1, 0])
    expect(writer.endRun()).toBe(1)
    expect(row(7)).toEqual([2, 2.5])
  })

  it('refuses an event that a getter of another writes, whichever way, and finishes that one', () => {
    const { writer, row } = setUpWriter(pair, generate)
    const nested: unknown[] = []
    const event = {
      x: 1,
      get y() {
        nested.push(writer.isWriting, writer.inRun)
        nested.push(writer.writeNext({ x: 8, y: 8 }), writer.writeRow({ x: 8, y: 8 }, 0))
        nested.push(writer.writeRows([{ x: 8, y: 8 }], 0, 1, 0))
        writer.beginRun(0, 5)
        return 1.5
      },
    }
    writer.beginRun(3, 2)
    expect([writer.writeNext(event), writer.writeNext({ x: 2, y: 2.5 })]).toEqual([1, 1])
    expect(nested).toEqual([true, 1, 0, false, 0])
    expect([writer.isWriting, writer.endRun()]).toEqual([false, 2])
    expect([row(0), row(3), row(4)]).toEqual([
      [0, 0],
      [1, 1.5],
      [2, 2.5],
    ])
  })

  it('has another way found for an event whose getter ends it', () => {
    const { writer } = setUpWriter(pair, generate)
    let ended = -1
    const event = {
      x: 1,
      get y() {
        ended = writer.endRun()
        return 1
      },
    }
    writer.beginRun(0, 5)
    writer.writeNext({ x: 0, y: 0 })
    expect([writer.writeNext(event), ended, writer.inRun]).toEqual([0, 1, 0])
    expect(writer.writeNext({ x: 0, y: 0 })).toBe(0)
    expect([writer.isWriting, writer.endRun()]).toEqual([false, 0])
    expect(writer.writeRow({ x: 4, y: 4 }, 0)).toBe(true)
  })

  it.each([
    ['does not fit', () => 'none'],
    [
      'throws',
      () => {
        throw new Error('no y')
      },
    ],
  ])('has ended behind an event that ends it and %s', (_, value: () => unknown) => {
    const { writer } = setUpWriter(pair, generate)
    const event = {
      x: 1,
      get y() {
        writer.endRun()
        return value()
      },
    }
    writer.beginRun(0, 5)
    writer.writeNext({ x: 0, y: 0 })
    expect(writer.writeNext(event)).toBe(-1)
    expect([writer.writeNext({ x: 2, y: 2 }), writer.isWriting, writer.endRun()]).toEqual([0, false, 0])
  })

  it('goes on behind an event whose getter throws', () => {
    const { writer, row } = setUpWriter(pair, generate)
    const event = {
      get x(): number {
        throw new Error('no x')
      },
      y: 1,
    }
    writer.beginRun(0, 5)
    expect(writer.writeNext(event)).toBe(-1)
    expect(writer.lastError()).toMatchObject({ code: 'EVENT_INVALID', at: 'x', message: expect.stringMatching('no x') })
    expect(writer.writeNext({ x: 2, y: 2 })).toBe(1)
    expect(writer.endRun()).toBe(1)
    expect(row(0)).toEqual([2, 2])
  })

  it('leaves an event for which the dictionary is full to who throws that', () => {
    const { writer, dictionaries } = setUpWriter([{ name: 's', type: utf8() }], generate, 'js', 2)
    dictionaries[0]!.addOwner(mark => [1, 2].forEach(mark))
    writer.beginRun(0, 5)
    expect(['a', 'b', 'c', 'a'].map(s => writer.writeNext({ s }))).toEqual([1, 1, 0, 1])
    expect(writer.isWriting).toBe(false)
    expect(() => writer.writeRow({ s: 'c' }, 3)).toThrow(expect.objectContaining({ code: 'STATE_FULL' }))
  })
})
