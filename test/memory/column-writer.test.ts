import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsKernels } from '../../src/kernels/js-engine.ts'
import { type ColumnField, dictionariesOf } from '../../src/memory/column-buffers.ts'
import type { ColumnBlock } from '../../src/memory/column-input.ts'
import { ColumnWriter } from '../../src/memory/column-writer.ts'
import { bool, type DataType, f32, f64, i32, i64, timestamp, u32, utf8 } from '../../src/schema/data-type.ts'
import {
  cell,
  ENGINES,
  fieldsArbitrary,
  fits,
  looseColumns,
  MAX_STRING,
  makeArena,
  stored,
  valueArbitrary,
  vectorsOf,
} from './fixture.ts'

const ROWS = 64

function setUp(fields: readonly ColumnField[], engine: 'wasm' | 'js' = 'js', maxCodes = 10_000) {
  const arena = makeArena(engine)
  const columns = looseColumns(arena, fields, ROWS)
  const dictionaries = dictionariesOf(fields, maxCodes)
  const { memory } = arena
  const writer = new ColumnWriter({
    memory,
    arena,
    kernels: jsKernels(memory),
    target: { columns },
    fields,
    dictionaries,
    maxStringLength: MAX_STRING,
  })
  const vectors = vectorsOf(columns, dictionaries)
  const column = (k: number, from: number, count: number): unknown[] =>
    Array.from({ length: count }, (_, i) => cell(memory, vectors[k]!, from + i))
  return { memory, dictionaries, writer, column }
}

const one = (type: DataType): ColumnField[] => [{ name: 'x', type }]

/** Fields and, for each, values of which few don't fit. */
const scenario = fieldsArbitrary(5).chain(fields =>
  fc.integer({ min: 0, max: 30 }).chain(rows =>
    fc.record({
      fields: fc.constant(fields),
      columns: fc.tuple(
        ...fields.map(field => fc.array(valueArbitrary(field.type, 1), { minLength: rows, maxLength: rows })),
      ),
      rows: fc.constant(rows),
      at: fc.nat(30),
    }),
  ),
)

describe.each(ENGINES)('plain columns written to the %s memory', engine => {
  it('hold exactly the values that fit, up to the first row that does not', () => {
    fc.assert(
      fc.property(scenario, ({ fields, columns, rows, at }) => {
        const { writer, column } = setUp(fields, engine)
        const block = writer.prepare(
          Object.fromEntries(fields.map((field, k) => [field.name, columns[k]])) as ColumnBlock,
        )
        expect(block.rows).toBe(rows)
        let from = 0
        while (from < rows) {
          const written = writer.writeColumns(block, from, rows - from, at)
          let end = from
          while (end < rows && fields.every((field, k) => fits(field.type, columns[k]![end]))) end++
          expect(written).toBe(end - from)
          fields.forEach((field, k) => {
            expect(column(k, at, written)).toEqual(
              columns[k]!.slice(from, end).map(value => stored(field.type.name, value)),
            )
          })
          if (end < rows) {
            const k = fields.findIndex((field, i) => !fits(field.type, columns[i]![end]))
            const error = writer.lastError()
            expect(error.at).toBe(`${fields[k]!.name}[${end}]`)
            expect(Object.is(error.value, columns[k]![end])).toBe(true)
          }
          from = end + 1
        }
      }),
      { numRuns: 300 },
    )
  })
})

const MAKERS = {
  Float64Array: (values: number[]) => Float64Array.from(values),
  Float32Array: (values: number[]) => Float32Array.from(values),
  Int32Array: (values: number[]) => Int32Array.from(values),
  Uint32Array: (values: number[]) => Uint32Array.from(values),
  Int16Array: (values: number[]) => Int16Array.from(values),
  Uint16Array: (values: number[]) => Uint16Array.from(values),
  Int8Array: (values: number[]) => Int8Array.from(values),
  Uint8Array: (values: number[]) => Uint8Array.from(values),
  Uint8ClampedArray: (values: number[]) => Uint8ClampedArray.from(values),
} as const

const NUMERIC = [f64(), f32(), i32(), u32(), timestamp()]
const number = fc.oneof(
  fc.integer({ min: -3, max: 300 }),
  fc.integer(),
  fc.double(),
  fc.constantFrom(Number.NaN, -0, 2 ** 31, 2 ** 32 - 1, 2 ** 53, Number.POSITIVE_INFINITY),
)

describe.each(Object.keys(MAKERS) as (keyof typeof MAKERS)[])('a %s', maker => {
  it.each(NUMERIC)('enters a $name column as the same numbers one by one would', type => {
    const plainType = { ...type, isNullable: false }
    fc.assert(
      fc.property(
        fc.array(number, { maxLength: 40 }),
        fc.nat(9),
        fc.nat(20),
        fc.boolean(),
        (numbers, from, at, isNullable) => {
          const values = MAKERS[maker](numbers)
          const { writer, column } = setUp(one(isNullable ? type.nullable() : plainType))
          const block = writer.prepare({ x: values })
          const start = Math.min(from, values.length)
          const rest = Array.from(values).slice(start)
          const bad = rest.findIndex(value => !fits(type, value))
          const expected = bad < 0 ? rest : rest.slice(0, bad)
          expect(writer.writeColumns(block, start, rest.length, at)).toBe(expected.length)
          expect(column(0, at, expected.length)).toEqual(expected.map(value => stored(type.name, value)))
          if (bad >= 0) {
            expect(writer.lastError().at).toBe(`x[${start + bad}]`)
            expect(writer.lastError().value).toBe(rest[bad])
          }
        },
      ),
    )
  })
})

describe('a column writer', () => {
  it('takes BigInt64Array as it is and checks BigUint64Array', () => {
    const { writer, column } = setUp(one(i64()))
    const signed = BigInt64Array.of(-(2n ** 63n), 0n, 2n ** 63n - 1n)
    expect(writer.writeColumns(writer.prepare({ x: signed }), 0, 3, 1)).toBe(3)
    expect(column(0, 1, 3)).toEqual([...signed])
    const unsigned = BigUint64Array.of(1n, 2n ** 63n)
    expect(writer.writeColumns(writer.prepare({ x: unsigned }), 0, 2, 1)).toBe(1)
    expect(writer.lastError()).toMatchObject({ at: 'x[1]', value: 2n ** 63n })
  })

  it('takes bytes 0 and 1 as booleans and no others', () => {
    const { writer, column } = setUp(one(bool()))
    const block = writer.prepare({ x: Uint8Array.of(1, 0, 2) })
    expect(writer.writeColumns(block, 0, 3, 0)).toBe(2)
    expect(column(0, 0, 2)).toEqual([true, false])
    expect(writer.lastError()).toMatchObject({ at: 'x[2]', value: 2 })
  })

  it('nulls the rows whose bit is 0, whatever stands there', () => {
    const { writer, column } = setUp([
      { name: 'time', type: timestamp().nullable() },
      { name: 'text', type: utf8().nullable() },
      { name: 'coded', type: utf8().nullable() },
    ])
    const valid = Uint8Array.of(0b0000_0101)
    const block = writer.prepare({
      time: { values: Float64Array.of(1, Number.NaN, 3), valid },
      text: { values: ['a', 7 as unknown as string, 'c'], valid },
      coded: { values: { codes: Int32Array.of(0, 99, 1), dictionary: ['a', 'b'] }, valid },
    })
    expect(writer.writeColumns(block, 0, 3, 5)).toBe(3)
    expect([column(0, 5, 3), column(1, 5, 3), column(2, 5, 3)]).toEqual([
      [1, null, 3],
      ['a', null, 'c'],
      ['a', null, 'b'],
    ])
  })

  it.each([
    ['f64', f64(), Float64Array.of(7, 8, 9, 7, 8, 9, 7, 8, 9)],
    ['f32', f32(), Float32Array.of(7, 8, 9, 7, 8, 9, 7, 8, 9)],
    ['timestamp', timestamp(), Float64Array.of(7, 8, 9, 7, 8, 9, 7, 8, 9)],
    ['i32', i32(), Int32Array.of(7, 8, 9, 7, 8, 9, 7, 8, 9)],
    ['u32', u32(), Uint32Array.of(7, 8, 9, 7, 8, 9, 7, 8, 9)],
    ['i64', i64(), BigInt64Array.of(7n, 8n, 9n, 7n, 8n, 9n, 7n, 8n, 9n)],
    ['utf8', utf8(), Int32Array.of(0, 1, 2, 0, 1, 2, 0, 1, 2)],
  ] as const)(
    'writes what an array of %s holds to its rows only, whatever it says of its length',
    (_, type, values) => {
      const dictionary = ['a', 'b', 'c']
      const given = (told: number, first: number) => {
        const array = Object.defineProperty(values.slice(first), 'length', { value: told })
        return { x: type.name === 'utf8' ? { codes: array, dictionary } : array } as ColumnBlock
      }
      const { memory, writer, column } = setUp(one(type))
      writer.writeColumns(writer.prepare({ x: column(0, 0, 0) as never, ...given(9, 0) }), 0, 9, 0)
      const before = memory.u8.slice()
      const first = column(0, 0, 9)
      expect(writer.writeColumns(writer.prepare(given(2, 0)), 0, 2, 5)).toBe(2)
      expect(column(0, 5, 2)).toEqual(first.slice(0, 2))
      expect(writer.writeColumns(writer.prepare({ x: given(9, 0).x! }), 5, 2, 5)).toBe(2)
      expect(memory.u8).toEqual(before)
      expect(writer.writeColumns(writer.prepare(given(5, 7)), 0, 5, 20)).toBe(2)
      expect(writer.lastError().at).toBe('x[2]')
    },
  )

  it('nulls a nullable column that is missing', () => {
    const { writer, column } = setUp([
      { name: 'x', type: f64() },
      { name: 'y', type: i32().nullable() },
    ])
    expect(writer.writeColumns(writer.prepare({ x: [1, 2] }), 0, 2, 0)).toBe(2)
    expect(column(1, 0, 2)).toEqual([null, null])
  })

  it('lets only the rows written count: bits of neighbours stay', () => {
    const { writer, column } = setUp(one(f64().nullable()))
    writer.writeColumns(writer.prepare({ x: Array.from({ length: 40 }, (_, i) => (i % 2 ? i : null)) }), 0, 40, 0)
    for (const [at, count] of [
      [3, 2],
      [9, 15],
      [16, 8],
      [30, 1],
    ] as const) {
      const before = column(0, 0, 40)
      writer.writeColumns(writer.prepare({ x: new Float64Array(count).fill(-1) }), 0, count, at)
      expect(column(0, 0, 40)).toEqual(before.map((value, i) => (i >= at && i < at + count ? -1 : value)))
    }
  })

  const shape = (block: unknown, fields: readonly ColumnField[] = one(f64())) => {
    const { writer } = setUp(fields)
    return () => writer.prepare(block as ColumnBlock)
  }

  it.each<[string, unknown, DataType]>([
    ['no object', 5, f64()],
    ['null', null, f64()],
    ['a missing column', {}, f64()],
    ['an inherited column', Object.create({ x: [1] }), f64()],
    ['a string', { x: 'abc' }, f64()],
    ['a DataView', { x: new DataView(new ArrayBuffer(8)) }, f64()],
    ['bigints for numbers', { x: new BigInt64Array(1) }, f64()],
    ['numbers for bigints', { x: new Float64Array(1) }, i64()],
    ['floats for booleans', { x: new Float64Array(1) }, bool()],
    ['a typed array for strings', { x: new Int32Array(1) }, utf8()],
    ['codes without a list', { x: { codes: new Int32Array(1) } }, utf8()],
    ['codes that are no array', { x: { codes: { length: 1 }, dictionary: [] } }, utf8()],
    ['a bitmap for what is never null', { x: { values: [1], valid: Uint8Array.of(1) } }, f64()],
    ['a bitmap that is too short', { x: { values: new Float64Array(9), valid: Uint8Array.of(255) } }, f64().nullable()],
    ['a bitmap that is no Uint8Array', { x: { values: [1], valid: [1] } }, f64().nullable()],
  ])('refuses %s', (_, block, type) => {
    expect(shape(block, one(type))).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }))
  })

  it('refuses columns of different lengths and names both', () => {
    const fields = [
      { name: 'a', type: f64() },
      { name: 'b', type: i32() },
    ]
    expect(shape({ a: [1, 2], b: new Int32Array(3) }, fields)).toThrow(
      'column "b" has 3 rows and "a" has 2: all columns of a block are of one length',
    )
  })

  it('reports a getter that throws, with its error as the cause', () => {
    const cause = new Error('broken')
    const get = (): never => {
      throw cause
    }
    expect(shape(Object.defineProperty({}, 'x', { get, enumerable: true }))).toThrow(
      expect.objectContaining({ code: 'EVENT_INVALID', cause }),
    )
    const values = Object.defineProperty([1, 2, 3], 1, { get })
    for (const type of [f64(), f32(), f64().nullable(), i32(), timestamp()]) {
      const { writer } = setUp(one(type))
      expect(writer.writeColumns(writer.prepare({ x: values }), 0, 3, 0)).toBe(1)
      expect(writer.lastError()).toMatchObject({ code: 'EVENT_INVALID', at: 'x[1]', cause })
    }
    const { writer } = setUp(one(utf8()))
    const dictionary = Object.defineProperty(['a', 'b'], 1, { get }) as string[]
    const block = writer.prepare({ x: { codes: Int32Array.of(0, 0, 1), dictionary } })
    expect(writer.writeColumns(block, 0, 3, 0)).toBe(2)
    expect(writer.lastError()).toMatchObject({ at: 'x[2]', cause })
  })

  it('throws a full dictionary on, as no fault of the data', () => {
    const list = ['a', 'b', 'c']
    const forms: ColumnBlock[string][] = [
      list,
      { codes: Int32Array.of(0, 1, 2), dictionary: list },
      { codes: [0, 1, 2], dictionary: list },
    ]
    for (const x of forms) {
      const { writer, dictionaries } = setUp(one(utf8()), 'js', 2)
      dictionaries[0]!.addOwner(mark => [1, 2].forEach(mark))
      const block = writer.prepare({ x })
      expect(() => writer.writeColumns(block, 0, 3, 0)).toThrow(expect.objectContaining({ code: 'STATE_FULL' }))
      expect(writer.writeColumns(block, 0, 2, 0)).toBe(2)
    }
  })

  it('stops where an array got shorter after it was prepared', () => {
    const { writer } = setUp(one(f64()))
    const values = [1, 2, 3]
    const block = writer.prepare({ x: values })
    values.length = 2
    expect(writer.writeColumns(block, 0, 3, 0)).toBe(2)
    expect(writer.lastError().at).toBe('x[2]')
    const buffer = new ArrayBuffer(16)
    const typed = writer.prepare({ x: new Float64Array(buffer) })
    structuredClone(buffer, { transfer: [buffer] })
    expect(writer.writeColumns(typed, 0, 2, 0)).toBe(0)
  })
})

describe('coded strings', () => {
  const write = (codes: unknown, dictionary: unknown, type: DataType = utf8()) => {
    const { writer, column } = setUp(one(type))
    const block = writer.prepare({ x: { codes, dictionary } } as ColumnBlock)
    const written = writer.writeColumns(block, 0, block.rows, 2)
    return { values: column(0, 2, written), error: written < block.rows ? writer.lastError() : undefined }
  }

  it('are the strings of their list, from typed and plain codes', () => {
    const list = ['a', 'b', 'a', '', '\ud800']
    const expected = ['a', '\ud800', 'b', 'a', '']
    expect(write(Int32Array.of(0, 4, 1, 2, 3), list).values).toEqual(expected)
    expect(write(Uint8Array.of(0, 4, 1, 2, 3), list).values).toEqual(expected)
    expect(write([0, 4, 1, 2, 3], list).values).toEqual(expected)
    expect(write(Int32Array.of(0, -1, 1), list, utf8().nullable()).values).toEqual(['a', null, 'b'])
  })

  it.each<[unknown, unknown]>([
    [Int32Array.of(0, -1), -1],
    [Int32Array.of(0, 2), 2],
    [Float64Array.of(0, 0.5), 0.5],
    [Float64Array.of(0, Number.NaN), Number.NaN],
    [[0, 'length'], 'length'],
    [[0, undefined], undefined],
    [[0, '1'], '1'],
  ])('%o are refused where they name no string', (codes, value) => {
    const { values, error } = write(codes, ['a', 'b'])
    expect(values).toEqual(['a'])
    expect(error).toMatchObject({ code: 'EVENT_INVALID', at: 'x[1]' })
    expect(Object.is(error!.value, value)).toBe(true)
  })

  it('are refused where the list holds no string or one that is too long', () => {
    expect(write(Int32Array.of(0, 1), ['a', 5]).error).toMatchObject({ at: 'x[1]', value: 5 })
    expect(write(Int32Array.of(0, 1), ['a', 'x'.repeat(MAX_STRING + 1)]).error).toMatchObject({ at: 'x[1]' })
  })

  it('follow a list that grows', () => {
    const { writer, column } = setUp(one(utf8()))
    const dictionary = ['a']
    expect(writer.writeColumns(writer.prepare({ x: { codes: Int32Array.of(0), dictionary } }), 0, 1, 0)).toBe(1)
    dictionary.push('b')
    expect(writer.writeColumns(writer.prepare({ x: { codes: Int32Array.of(1, 0), dictionary } }), 0, 2, 0)).toBe(2)
    expect(column(0, 0, 2)).toEqual(['b', 'a'])
  })

  it('stay right when codes are taken back and handed out for other strings', () => {
    const { writer, column, dictionaries } = setUp(one(utf8()), 'js', 4)
    const dictionary = dictionaries[0]!
    const live = new Set<number>()
    dictionary.addOwner(mark => live.forEach(mark))
    const lists = [
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
      ['b', 'd', 'g'],
    ]
    for (let round = 0; round < 30; round++) {
      const list = lists[(round * 7) % 3]!
      live.clear()
      const codes = Int32Array.of(round % 3, (round + 1) % 3)
      const block = writer.prepare({ x: { codes, dictionary: list } })
      for (let i = 0; i < 2; i++) {
        expect(writer.writeColumns(block, i, 1, i)).toBe(1)
        live.add(dictionary.find(list[codes[i]!]!))
      }
      expect(column(0, 0, 2)).toEqual([list[codes[0]!], list[codes[1]!]])
    }
  })
})
