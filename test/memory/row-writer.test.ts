import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ColumnField, dictionariesOf } from '../../src/memory/column-buffers.ts'
import { RowWriter } from '../../src/memory/row-writer.ts'
import { f32, f64, i32, i64, timestamp, u32, utf8 } from '../../src/schema/data-type.ts'
import {
  ENGINES,
  fieldsArbitrary,
  fits,
  looseColumns,
  MAX_STRING,
  makeArena,
  stored,
  valueArbitrary,
} from './fixture.ts'
import { ROWS, setUpWriter } from './writer-fixture.ts'

/** A schema, events of it of which some are wrong, and how they arrive. */
const scenario = fieldsArbitrary().chain(fields =>
  fc.record({
    fields: fc.constant(fields),
    events: fc.array(
      fc.oneof(
        { weight: 30, arbitrary: fc.tuple(...fields.map(field => valueArbitrary(field.type, 4))) },
        { weight: 1, arbitrary: fc.constantFrom<unknown>(null, undefined, 5, 'event', true, 1n) },
      ),
      { maxLength: ROWS },
    ),
  }),
)

const eventOf = (fields: readonly ColumnField[], values: unknown): unknown =>
  Array.isArray(values) ? Object.fromEntries(fields.map((field, i) => [field.name, values[i]])) : values

/** The first field a list of values doesn't fit, -1 when all do. */
const misfit = (fields: readonly ColumnField[], values: unknown): number =>
  Array.isArray(values) ? fields.findIndex((field, i) => !fits(field.type, values[i])) : 0

describe.each(ENGINES)('rows written to the %s memory', engine => {
  it.each([true, false])(
    'hold exactly the values that fit, up to the first event that does not (generated: %s)',
    generate => {
      fc.assert(
        fc.property(scenario, ({ fields, events }) => {
          const { writer, row } = setUpWriter(fields, generate, engine)
          expect(writer.isGenerated).toBe(generate)
          const objects = events.map(values => eventOf(fields, values))
          let from = 0
          while (from < events.length) {
            const written = writer.writeRows(objects, from, events.length - from, 0)
            const bad = events.findIndex((values, i) => i >= from && misfit(fields, values) >= 0)
            expect(written).toBe((bad < 0 ? events.length : bad) - from)
            for (let i = 0; i < written; i++) {
              const values = events[from + i] as unknown[]
              expect(row(i)).toEqual(fields.map((field, k) => stored(field.type.name, values[k])))
            }
            if (bad >= 0) {
              const error = writer.lastError()
              const values = events[bad]
              expect(error.code).toBe('EVENT_INVALID')
              if (Array.isArray(values)) {
                const k = misfit(fields, values)
                expect(error.at).toBe(fields[k]!.name)
                expect(Object.is(error.value, values[k])).toBe(true)
              } else expect(error.value).toBe(values)
            }
            from += written + 1
          }
        }),
        { numRuns: 300 },
      )
    },
  )
})

describe('the generated and the unrolled form', () => {
  it('write the same bytes, return the same counts and report the same errors', () => {
    fc.assert(
      fc.property(scenario, fc.nat(ROWS), ({ fields, events }, row) => {
        const objects = events.map(values => eventOf(fields, values))
        const outcome = (generate: boolean) => {
          const { writer, memory } = setUpWriter(fields, generate)
          const count = Math.min(objects.length, ROWS - row)
          const written = writer.writeRows(objects, 0, count, row)
          const message = written < count ? writer.lastError().message : ''
          const singles = objects.slice(0, count).map((event, i) => writer.writeRow(event, i))
          return { written, message, singles, bytes: Buffer.from(memory.u8).toString('base64') }
        }
        expect(outcome(true)).toEqual(outcome(false))
      }),
      { numRuns: 200 },
    )
  })
})

describe.each([true, false])('a row writer (generated: %s)', generate => {
  const refusal = (field: ColumnField['type'], value: unknown) => {
    const { writer } = setUpWriter([{ name: 'x', type: field }], generate)
    expect(writer.writeRow({ x: value }, 0)).toBe(false)
    return writer.lastError()
  }

  it.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1.5,
    2 ** 53,
    '1700000000000',
    new Date(),
    5n,
    null,
  ])('refuses %s as a timestamp', value => {
    expect(refusal(timestamp(), value)).toMatchObject({ code: 'EVENT_INVALID', at: 'x', value })
  })

  it('says what was expected and what came', () => {
    expect(refusal(i32(), 2 ** 31).message).toBe('x takes an integer from -2147483648 to 2147483647, not 2147483648')
    expect(refusal(u32().nullable(), -1).message).toBe('x takes an integer from 0 to 4294967295 or null, not -1')
    expect(refusal(f64(), undefined).message).toBe('x is missing; it takes a number')
    expect(refusal(i64(), 1).message).toBe('x takes a bigint from -2^63 to 2^63 - 1, not 1')
    expect(refusal(utf8(), 'x'.repeat(MAX_STRING + 1)).message).toContain('at most 12 UTF-16 units')
    const { writer } = setUpWriter([{ name: 'x', type: f64() }], generate)
    expect(writer.writeRow('text', 0)).toBe(false)
    expect(writer.lastError().message).toBe('an event is an object with the fields of the schema, not "text"')
  })

  it('refuses a string of a million units without keeping it', () => {
    const { writer, dictionaries } = setUpWriter([{ name: 'x', type: utf8() }], generate)
    const huge = 'y'.repeat(1e6)
    expect(writer.writeRow({ x: huge }, 0)).toBe(false)
    expect(writer.lastError().message.length).toBeLessThan(300)
    expect(dictionaries[0]!.size).toBe(0)
  })

  it('reports a getter that throws, with its error as the cause', () => {
    const fields = [
      { name: 'a', type: f64() },
      { name: 'b', type: f64() },
    ]
    const { writer } = setUpWriter(fields, generate)
    const cause = new Error('broken')
    const event = {
      a: 1,
      get b(): number {
        throw cause
      },
    }
    expect(writer.writeRows([{ a: 1, b: 2 }, event], 0, 2, 0)).toBe(1)
    expect(writer.lastError()).toMatchObject({ code: 'EVENT_INVALID', at: 'b', cause })
    expect(writer.writeRow(event, 1)).toBe(false)
    expect(writer.writeRow({ a: 1, b: 2 }, 1)).toBe(true)
  })

  it('refuses an event pushed by a getter of another, and finishes that one', () => {
    const { writer, row } = setUpWriter([{ name: 'a', type: f64() }], generate)
    let inner: boolean | undefined
    let message = ''
    const event = {
      get a(): number {
        inner = writer.writeRow({ a: 99 }, 0)
        message = writer.lastError().message
        return 1
      },
    }
    expect(writer.writeRow(event, 0)).toBe(true)
    expect(inner).toBe(false)
    expect(message).toContain('pushed another event')
    expect(row(0)).toEqual([1])
  })

  it('takes values from prototypes, but not what every object inherits', () => {
    const fields = [
      { name: 'toString', type: utf8().nullable() },
      { name: 'valueOf', type: f64() },
    ]
    const { writer, row } = setUpWriter(fields, generate)
    expect(writer.writeRow({ valueOf: 5 }, 0)).toBe(true)
    expect(row(0)).toEqual([null, 5])
    expect(writer.writeRow(Object.create({ toString: 'mine', valueOf: 6 }), 1)).toBe(true)
    expect(row(1)).toEqual(['mine', 6])
    expect(writer.writeRow({ toString: 'x' }, 2)).toBe(false)
    expect(writer.lastError().message).toBe('valueOf is missing; it takes a number')
  })

  it('takes nothing of a field name as code', () => {
    const name = '"]; globalThis.hacked = true; //\u2028`'
    const { writer, row } = setUpWriter([{ name, type: f64() }], generate)
    expect(writer.writeRow({ [name]: 3 }, 0)).toBe(true)
    expect(row(0)).toEqual([3])
    expect('hacked' in globalThis).toBe(false)
  })

  it('rewrites the null bits of rows used again', () => {
    const { writer, row } = setUpWriter([{ name: 'x', type: f32().nullable() }], generate)
    for (const x of [1.5, null, 2.5, undefined]) {
      expect(writer.writeRow({ x }, 9)).toBe(true)
      expect(row(9)).toEqual([x ?? null])
    }
  })

  it('goes on after the memory has grown and after the target has other columns', () => {
    const fields = [
      { name: 'x', type: f64() },
      { name: 's', type: utf8() },
    ]
    const { writer, row, target, arena } = setUpWriter(fields, generate)
    expect(writer.writeRow({ x: 1, s: 'a' }, 3)).toBe(true)
    arena.allocate(2 ** 21)
    expect(writer.writeRow({ x: 2, s: 'b' }, 4)).toBe(true)
    expect([row(3), row(4)]).toEqual([
      [1, 'a'],
      [2, 'b'],
    ])
    const old = target.columns
    target.columns = looseColumns(arena, fields, ROWS)
    expect(writer.writeRows([{ x: 3, s: 'a' }], 0, 1, 3)).toBe(1)
    expect(row(3)).toEqual([3, 'a'])
    expect(arena.memory.f64[(old.values[0]! >>> 3) + 3]).toBe(1)
  })

  it('throws a full dictionary on, as no fault of the event', () => {
    const { writer, dictionaries } = setUpWriter([{ name: 's', type: utf8() }], generate, 'js', 2)
    dictionaries[0]!.addOwner(mark => [1, 2].forEach(mark))
    expect(writer.writeRows([{ s: 'a' }, { s: 'b' }], 0, 2, 0)).toBe(2)
    expect(() => writer.writeRow({ s: 'c' }, 2)).toThrow(expect.objectContaining({ code: 'STATE_FULL' }))
    expect(() => writer.writeRows([{ s: 'c' }], 0, 1, 2)).toThrow(expect.objectContaining({ code: 'STATE_FULL' }))
    expect(writer.writeRow({ s: 'a' }, 2)).toBe(true)
  })

  it('forgets the code of its last string when that code is taken back', () => {
    const { writer, dictionaries, row } = setUpWriter([{ name: 's', type: utf8() }], generate, 'js', 1)
    expect(writer.writeRow({ s: 'a' }, 0)).toBe(true)
    dictionaries[0]!.encode('b')
    expect(dictionaries[0]!.find('a')).toBe(-1)
    expect(writer.writeRow({ s: 'a' }, 0)).toBe(true)
    expect(row(0)).toEqual(['a'])
  })

  it('writes a schema of 200 fields', () => {
    const fields = Array.from({ length: 200 }, (_, i) => ({ name: `f${i}`, type: i32() }))
    const { writer, row } = setUpWriter(fields, generate)
    const event = Object.fromEntries(fields.map((field, i) => [field.name, i]))
    expect(writer.writeRow(event, 1)).toBe(true)
    expect(row(1)).toEqual(fields.map((_, i) => i))
    expect(writer.writeRow({ ...event, f199: 'no' }, 1)).toBe(false)
    expect(writer.lastError().at).toBe('f199')
  })
})

it.each([-1, 1.5, Number.NaN, '9); evil('])('maxStringLength %s is refused', maxStringLength => {
  const arena = makeArena()
  const fields = [{ name: 's', type: utf8() }]
  const options = {
    memory: arena.memory,
    target: { columns: looseColumns(arena, fields, 1) },
    fields,
    dictionaries: dictionariesOf(fields, 1),
    maxStringLength: maxStringLength as number,
  }
  expect(() => new RowWriter(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
})
