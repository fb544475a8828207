import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ndjsonDecoder } from '../../src/connector/ndjson-decoder.ts'
import { bool, f64, i32, i64, timestamp, u32, utf8 } from '../../src/schema/data-type.ts'
import { type Schema, schema } from '../../src/schema/schema.ts'
import { decoded, linesOf } from './decoded.ts'

const read = (of: Schema, document: string | Uint8Array, options = {}) => decoded(ndjsonDecoder(of, options), document)
const events = schema({ id: i32(), name: utf8(), value: f64().nullable() })

test('one object a line; other keys, blank lines and the order of keys do not matter', () => {
  const document =
    '\uFEFF{"id":1,"name":"a","value":0.5}\r\n\n  \n{"more":{"id":9},"value":null,"name":"Zürich 🎈","id":2}\n{"id":3,"name":""}'
  expect(read(events, document)).toEqual({
    rows: [
      { id: 1, name: 'a', value: 0.5 },
      { id: 2, name: 'Zürich 🎈', value: null },
      { id: 3, name: '', value: null },
    ],
    errors: [],
  })
})

test('every way to cut a document gives the same rows and errors', () => {
  const document =
    '{"id":1,"name":"🎈\\n"}\n{"id":2\n\n[1]\r\n{"id":"3","name":"x"}\n{"id":4,"name":"é","value":1e3}\r\nnull\n{"id":5,"name":"y"}'
  const bytes = new TextEncoder().encode(document)
  const whole = read(events, bytes)
  expect(whole.rows.map(row => row.id)).toEqual([1, 4, 5])
  expect(linesOf(whole.errors)).toEqual(['line 2', 'line 4', 'line 5', 'line 7'])
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second += 5) {
      const cut = decoded(ndjsonDecoder(events), bytes, [first, second])
      expect(cut.rows).toEqual(whole.rows)
      expect(linesOf(cut.errors)).toEqual(linesOf(whole.errors))
    }
  }
})

test('any rows of any text come back, with JSON.stringify as the other side', () => {
  const row = fc.record({
    id: fc.integer(),
    name: fc.string({ unit: 'binary' }),
    value: fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter(n => !Object.is(n, -0)),
      fc.constant(null),
    ),
  })
  fc.assert(
    fc.property(fc.array(row), rows => {
      const document = rows.map(one => `${JSON.stringify(one)}\n`).join('')
      expect(read(events, document)).toEqual({ rows, errors: [] })
    }),
  )
})

describe('broken lines', () => {
  test('each is one error that names line, column and value; the others are read', () => {
    const lines = [
      '{"id":1,"name":"a"}',
      '{"id":1,"name":"a"',
      'hello',
      '17',
      '{"name":"a"}',
      '{"id":null,"name":"a"}',
      '{"id":1.5,"name":"a"}',
      '{"id":2147483648,"name":"a"}',
      '{"id":1,"name":2}',
      '{"id":1,"name":"a","value":"1"}',
      '{"id":1,"name":"a","value":true}',
      '{"id":2,"name":"b"}',
    ]
    const { rows, errors } = read(events, lines.join('\n'))
    expect(rows.map(row => row.id)).toEqual([1, 2])
    expect(errors.map(error => error.code)).toEqual(new Array(10).fill('DECODE_FAILED'))
    expect(errors.map(error => error.message.replace(/(JSON).*/, '$1'))).toEqual([
      "line 2 isn't JSON",
      "line 3 isn't JSON",
      'line 4 holds 17 instead of an object',
      'line 5 has no value for the column "id"',
      'line 6 has no value for the column "id"',
      'line 7 holds 1.5 in the column "id", which is no i32',
      'line 8 holds 2147483648 in the column "id", which is no i32',
      'line 9 holds 2 in the column "name", which is no utf8',
      'line 10 holds "1" in the column "value", which is no f64',
      'line 11 holds true in the column "value", which is no f64',
    ])
    expect(errors[1]!.value).toBe('hello')
  })

  test('a line that is too long costs its own line only', () => {
    const document = `{"id":1,"name":"a"}\n{"id":2,"name":"${'x'.repeat(99)}"}\n{"id":3,"name":"c"}\n`
    for (let cut = 0; cut < document.length; cut++) {
      const { rows, errors } = decoded(ndjsonDecoder(events, { maxLineBytes: 50 }), document, [cut])
      expect(rows.map(row => row.id)).toEqual([1, 3])
      expect(linesOf(errors)).toEqual(['line 2'])
    }
  })

  test('bytes that are no UTF-8 are an error of their line', () => {
    const line = new TextEncoder().encode('{"id":1,"name":"é"}\n{"id":2,"name":"b"}\n')
    line[line.indexOf(0xc3)] = 0xff
    const { rows, errors } = read(events, line)
    expect(rows.map(row => row.id)).toEqual([2])
    expect(errors.map(error => error.message)).toEqual(["line 1 isn't UTF-8"])
  })
})

describe('hostile objects', () => {
  test('__proto__ and constructor are harmless, and inherited names are missing values', () => {
    const of = schema({ toString: utf8().nullable(), valueOf: utf8().nullable() })
    const { rows, errors } = read(of, '{"__proto__":{"toString":"x"},"constructor":{"prototype":{"polluted":1}}}\n')
    expect(errors).toEqual([])
    expect(rows).toEqual([{ toString: null, valueOf: null }])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('a key __proto__ gives no column its values', () => {
    const { errors } = read(events, '{"__proto__":{"id":1,"name":"a"}}\n')
    expect(linesOf(errors)).toEqual(['line 1'])
  })

  test('100,000 brackets are a broken line, or nothing, but no crash', () => {
    const deep = `{"id":1,"name":"a","deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n{"id":2,"name":"b"}\n`
    const { rows } = read(events, deep)
    expect(rows.at(-1)).toEqual({ id: 2, name: 'b', value: null })
  })
})

describe('types', () => {
  const one = (of: Schema, value: string, options = {}) => read(of, `{"a":${value}}`, options).rows[0]?.a

  test('f64 takes what JSON has no numbers for as text', () => {
    const of = schema({ a: f64() })
    expect([one(of, '"NaN"'), one(of, '"Infinity"'), one(of, '"-Infinity"'), one(of, '-0'), one(of, '"1"')]).toEqual([
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      -0,
      undefined,
    ])
  })

  test('an i64 is read without loss behind any amount of white space', () => {
    const { rows, errors } = read(schema({ a: i64() }), `{"a"${' '.repeat(100)}:${'\t'.repeat(100)}-9007199254740993}`)
    expect(errors).toEqual([])
    expect(rows).toEqual([{ a: -9007199254740993n }])
  })

  test('every i64 is read without loss, wherever its key stands', () => {
    const of = schema({ a: i64() })
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.boolean(),
        (value, others, isFirst) => {
          delete others.a
          const rest = JSON.stringify(others).slice(1, -1)
          const parts = isFirst ? [`"a" : ${value}`, rest] : [rest, `"\\u0061":\t${value}`]
          const { rows, errors } = read(of, `{${parts.filter(part => part !== '').join(',')}}`)
          expect(errors).toEqual([])
          expect(rows).toEqual([{ a: value }])
        },
      ),
    )
    expect(one(of, '1,"b":{"a":2},"a":9007199254740993')).toBe(9007199254740993n)
    expect(one(of, '9007199254740993,"b":{"a":9007199254740995},"c":["a",{"a":1}]')).toBe(9007199254740993n)
    expect(one(of, '"9007199254740993"')).toBe(9007199254740993n)
    for (const bad of ['9223372036854775808', '1.5', '1e30', '"x"', '""', 'true', '[9007199254740993]']) {
      expect(one(of, bad)).toBeUndefined()
    }
  })

  test('u32, bool and timestamps', () => {
    expect([one(schema({ a: u32() }), '4294967295'), one(schema({ a: u32() }), '-1')]).toEqual([4294967295, undefined])
    expect([one(schema({ a: bool() }), 'true'), one(schema({ a: bool() }), '1')]).toEqual([true, undefined])
    const time = schema({ a: timestamp() })
    expect([
      one(time, '1700000000000'),
      one(time, '1.5'),
      one(time, '9007199254740992'),
      one(time, '"2024-01-01"'),
    ]).toEqual([1700000000000, undefined, undefined, undefined])
    const iso = { timestamps: 'iso' }
    expect(one(time, '"2024-02-29 12:30:00"', iso)).toBe(Date.UTC(2024, 1, 29, 12, 30))
    expect([one(time, '"２024-01-01"', iso), one(time, '0', iso), one(time, '""', iso)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })
})
