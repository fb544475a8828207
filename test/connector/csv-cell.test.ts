import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CsvDecoderOptions, csvDecoder } from '../../src/connector/csv-decoder.ts'
import { bool, f32, f64, i32, i64, timestamp, u32, utf8 } from '../../src/schema/data-type.ts'
import { type Schema, schema } from '../../src/schema/schema.ts'
import { decoded, linesOf } from './decoded.ts'

const text = (of: Schema, document: string, options?: CsvDecoderOptions) => decoded(csvDecoder(of, options), document)
const ofA = (document: string, options?: CsvDecoderOptions) => text(schema({ a: f64() }), `a\n${document}\n`, options)

describe('numbers', () => {
  test('every number is read as Number reads it', () => {
    const written = fc.oneof(
      fc.double().map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => value.toFixed(6)),
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }).map(value => value.toFixed(3)),
      fc.maxSafeInteger().map(String),
      fc.bigInt().map(String),
      fc.stringMatching(/^-?\d{0,20}\.?\d{0,20}$/),
      fc.stringMatching(/^[-+ ]?\d{1,5}(\.\d{0,5})?([eE][-+]?\d{1,3})? ?$/),
      fc.string({ maxLength: 8 }).filter(value => !/[",\r\n]/.test(value)),
    )
    fc.assert(
      fc.property(written, value => {
        const expected = Number(value)
        const { rows, errors } = text(schema({ a: f64(), z: utf8() }), `a,z\n${value},\n`)
        const isNumber = value.trim() !== '' && (!Number.isNaN(expected) || value === 'NaN')
        expect(rows.map(row => row.a)).toEqual(isNumber ? [expected] : [])
        expect(errors).toHaveLength(isNumber ? 0 : 1)
      }),
      { numRuns: 5000 },
    )
  })

  test('minus zero, infinities and NaN are values', () => {
    expect(ofA('-0\n-0.0\nInfinity\n-Infinity\nNaN\n1e400\n0.1').rows.map(row => row.a)).toEqual([
      -0,
      -0,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      0.1,
    ])
  })

  test('blank text is no zero', () => {
    expect(linesOf(ofA(' \n1\n  ').errors)).toEqual(['line 2', 'line 4'])
  })

  test('integers stay within their type', () => {
    const one = (of: Schema, value: string) => text(of, `${value}\n`, { header: false }).rows[0]?.a
    const int = schema({ a: i32() })
    const unsigned = schema({ a: u32() })
    const long = schema({ a: i64() })
    expect([one(int, '2147483647'), one(int, '2147483648'), one(int, '-2147483648'), one(int, '1.5')]).toEqual([
      2147483647,
      undefined,
      -2147483648,
      undefined,
    ])
    expect([one(unsigned, '4294967295'), one(unsigned, '4294967296'), one(unsigned, '-1')]).toEqual([
      4294967295,
      undefined,
      undefined,
    ])
    expect([one(long, '9007199254740993'), one(long, '-9223372036854775808'), one(long, '12')]).toEqual([
      9007199254740993n,
      -9223372036854775808n,
      12n,
    ])
    expect([one(long, '9223372036854775808'), one(long, '1.5'), one(long, '0x10'), one(long, '1e3')]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
    expect(one(schema({ a: f32() }), '0.1')).toBe(Math.fround(0.1))
  })

  test('bool is true or false', () => {
    const { rows, errors } = text(schema({ a: bool() }), 'a\ntrue\nFALSE\nyes\n1\n')
    expect(rows).toEqual([{ a: true }, { a: false }])
    expect(linesOf(errors)).toEqual(['line 4', 'line 5'])
  })
})

describe('timestamps', () => {
  const times = (document: string, timestamps: 'ms' | 'iso') =>
    text(schema({ a: timestamp(), z: utf8() }), `a,z\n${document},\n`, { timestamps }).rows[0]?.a

  test('milliseconds are safe integers', () => {
    expect(times('1700000000123', 'ms')).toBe(1700000000123)
    expect(times('-1', 'ms')).toBe(-1)
    for (const bad of ['1.5', '9007199254740992', 'NaN', 'Infinity', '2024-01-01', 'x']) {
      expect(times(bad, 'ms')).toBeUndefined()
    }
  })

  test('ISO text means the instant that Date.parse gives with its zone spelled out', () => {
    const property = fc.property(
      fc.date({
        min: new Date('0000-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59.999Z'),
        noInvalidDate: true,
      }),
      date => {
        const iso = date.toISOString()
        expect(times(iso, 'iso')).toBe(date.getTime())
        expect(times(iso.slice(0, 23), 'iso')).toBe(date.getTime())
        expect(times(iso.slice(0, 19).replace('T', ' '), 'iso')).toBe(Date.parse(`${iso.slice(0, 19)}Z`))
        expect(times(iso.slice(0, 16), 'iso')).toBe(Date.parse(`${iso.slice(0, 16)}Z`))
        expect(times(iso.slice(0, 10), 'iso')).toBe(Date.parse(iso.slice(0, 10)))
        expect(times(`${iso.slice(0, 23)}+05:30`, 'iso')).toBe(Date.parse(`${iso.slice(0, 23)}+05:30`))
        expect(times(`${iso.slice(0, 23)}-0800`, 'iso')).toBe(Date.parse(`${iso.slice(0, 23)}-08:00`))
        expect(times(`${iso.slice(0, 23)}999Z`, 'iso')).toBe(date.getTime())
      },
    )
    fc.assert(property)
  })

  test.each([
    '2023-02-29',
    '2024-13-01',
    '2024-00-10',
    '2024-01-32',
    '2024-01-00',
    '1900-02-29',
    '2024-1-1',
    '20240101',
    '2024-01-01T24:00',
    '2024-01-01T12:60',
    '2024-01-01T12:00:60',
    '2024-01-01T12',
    '2024-01-01T12:00:00.',
    '2024-01-01T12:00:00+5',
    '2024-01-01T12:00:00+24:00',
    '2024-01-01T12:00:00Zx',
    '2024-01-01X12:00',
    '1700000000000',
  ])('%s is no time', bad => {
    expect(times(bad, 'iso')).toBeUndefined()
  })

  test('leap days are days', () => {
    for (const day of ['2024-02-29', '2000-02-29', '0004-02-29']) expect(times(day, 'iso')).toBe(Date.parse(day))
  })
})
