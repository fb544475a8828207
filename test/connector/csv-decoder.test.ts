import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CsvDecoderOptions, csvDecoder } from '../../src/connector/csv-decoder.ts'
import type { EventfluxError } from '../../src/errors.ts'
import { f64, i32, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { type Schema, schema } from '../../src/schema/schema.ts'
import { decoded, linesOf } from './decoded.ts'

const text = (of: Schema, document: string, options?: CsvDecoderOptions) => decoded(csvDecoder(of, options), document)
const ab = schema({ a: utf8(), b: utf8() })

describe('RFC 4180', () => {
  test.each([
    [
      'LF ends lines',
      'a,b\n1,2\n3,4\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    [
      'CRLF ends lines',
      'a,b\r\n1,2\r\n3,4\r\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    [
      'the last line needs no end',
      'a,b\n1,2\n3,4',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['quotes are taken off', 'a,b\n"1","2"\n', [['1', '2']]],
    ['delimiters may stand in quotes', 'a,b\n"x,y",","\n', [['x,y', ',']]],
    ['a doubled quote is a quote', 'a,b\n"say ""hi""",""""\n', [['say "hi"', '"']]],
    [
      'lines may end inside quotes',
      'a,b\n"1\n2","3\r\n4"\n5,6\n',
      [
        ['1\n2', '3\r\n4'],
        ['5', '6'],
      ],
    ],
    ['spaces belong to the field', 'a,b\n 1 , 2\n', [[' 1 ', ' 2']]],
    [
      'empty fields',
      'a,b\n,\n"",""\n',
      [
        ['', ''],
        ['', ''],
      ],
    ],
    ['a quote inside an unquoted field is a character', 'a,b\n5" disk,x"y"\n', [['5" disk', 'x"y"']]],
    [
      'blank lines are passed over',
      'a,b\n\n1,2\n\r\n3,4\n\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['a byte order mark is no character', '\uFEFFa,b\n1,2\n', [['1', '2']]],
    ['a byte order mark before a quote', '\uFEFF"a",b\n1,2\n', [['1', '2']]],
    ['a second byte order mark is one', 'a,b\n\uFEFF1,2\n', [['\uFEFF1', '2']]],
    ['umlauts, emoji and NUL', 'a,b\nZürich 🎈,\0\n', [['Zürich 🎈', '\0']]],
    ['the header decides the order', 'b,a\n1,2\n', [['2', '1']]],
    ['columns nobody asked for are passed over', 'x,a,"y,",b\n0,1,"9,",2\n', [['1', '2']]],
    ['a header in quotes', '"a","b"\n1,2\n', [['1', '2']]],
  ] as const)('%s', (_, document, rows) => {
    const { rows: got, errors } = text(ab, document)
    expect(errors).toEqual([])
    expect(got).toEqual(rows.map(([a, b]) => ({ a, b })))
  })

  test('another delimiter', () => {
    expect(text(ab, 'a;b\n1,5;"2;"\n', { delimiter: ';' }).rows).toEqual([{ a: '1,5', b: '2;' }])
    expect(text(ab, 'a\tb\n1\t2\n', { delimiter: '\t' }).rows).toEqual([{ a: '1', b: '2' }])
  })

  test('without a header the columns come in the order of the schema, or as told', () => {
    expect(text(ab, '1,2\n', { header: false }).rows).toEqual([{ a: '1', b: '2' }])
    expect(text(ab, '1,2,3\n', { columns: ['b', 'x', 'a'] }).rows).toEqual([{ a: '3', b: '1' }])
    expect(text(ab, 'p,q\n1,2\n', { columns: ['b', 'a'], header: true }).rows).toEqual([{ a: '2', b: '1' }])
  })

  test('in a file of one column a blank line is an empty field', () => {
    expect(text(schema({ a: f64().nullable() }), 'a\n1\n\n2\n').rows).toEqual([{ a: 1 }, { a: null }, { a: 2 }])
    expect(text(schema({ a: f64() }), 'a\n1\n\n2\n')).toEqual({ rows: [{ a: 1 }, { a: 2 }], errors: [] })
  })
})

describe('chunks', () => {
  const of = schema({ name: utf8(), n: f64().nullable(), at: timestamp() })
  const document =
    '\uFEFFname,n,at\r\n"a ""quoted""\r\nname, yes",1.5,17\n\n🎈é,,-1\r\nbad,x,1\n"open"x,1,1\n"",NaN,0\nshort,1\n"last",2,3'

  test('every way to cut a document in two or three gives the same rows and errors', () => {
    const bytes = new TextEncoder().encode(document)
    const whole = decoded(csvDecoder(of), bytes)
    expect(whole.rows).toEqual([
      { name: 'a "quoted"\r\nname, yes', n: 1.5, at: 17 },
      { name: '🎈é', n: null, at: -1 },
      { name: '', n: Number.NaN, at: 0 },
      { name: 'last', n: 2, at: 3 },
    ])
    expect(linesOf(whole.errors)).toEqual(['line 6', 'line 7', 'line 9'])
    const messages = whole.errors.map(error => error.message)
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second += 7) {
        const cut = decoded(csvDecoder(of), bytes, [first, second])
        expect(cut.rows).toEqual(whole.rows)
        expect(cut.errors.map(error => error.message)).toEqual(messages)
      }
    }
  })

  test('byte by byte', () => {
    const bytes = new TextEncoder().encode(document)
    const cuts = Array.from({ length: bytes.length }, (_, index) => index)
    expect(decoded(csvDecoder(of), bytes, cuts).rows).toEqual(decoded(csvDecoder(of), bytes).rows)
  })

  test('any bytes whatever, cut anywhere, are read the same way and never throw', () => {
    const piece = fc.constantFrom('"', ',', '\n', '\r', 'a', '1', '""', 'é', '\0', '\uFEFF', '\n"', '",')
    const property = fc.property(
      fc.array(piece, { maxLength: 60 }),
      fc.array(fc.nat(100), { maxLength: 6 }),
      fc.integer({ min: 1, max: 12 }),
      (pieces, at, maxLineBytes) => {
        const bytes = new TextEncoder().encode(pieces.join(''))
        const cuts = at.map(position => Math.min(position, bytes.length)).sort((a, b) => a - b)
        const make = () => csvDecoder(ab, { header: false, maxLineBytes })
        const whole = decoded(make(), bytes)
        const cut = decoded(make(), bytes, cuts)
        expect(cut.rows).toEqual(whole.rows)
        const told = ({ message, value }: EventfluxError) => [message, value]
        expect(cut.errors.map(told)).toEqual(whole.errors.map(told))
      },
    )
    fc.assert(property, { numRuns: 2000 })
  })

  test('blocks larger than a block lose nothing, and rows already handed over stay as they are', () => {
    const count = 10_000
    const lines = Array.from({ length: count }, (_, index) => (index % 3 === 0 ? ',' : `${index},x${index}`))
    const { rows, errors } = text(schema({ n: i32().nullable(), s: utf8().nullable() }), `n,s\n${lines.join('\n')}\n`)
    expect(errors).toEqual([])
    expect(rows).toEqual(
      Array.from({ length: count }, (_, index) =>
        index % 3 === 0 ? { n: null, s: null } : { n: index, s: `x${index}` },
      ),
    )
  })
})

describe('broken lines', () => {
  const of = schema({ a: i32(), b: f64().nullable() })

  test('each is one error that names line, column and value; the others are read', () => {
    const { rows, errors } = text(of, 'a,b\n1,1\nx,2\n3\n4,4,4\n,5\n6,y\n7,\n"8"x,8\n9,9')
    expect(rows).toEqual([
      { a: 1, b: 1 },
      { a: 7, b: null },
      { a: 9, b: 9 },
    ])
    expect(errors.map(error => [error.code, error.message])).toEqual([
      ['DECODE_FAILED', 'line 3 holds "x" in the column "a", which is no i32'],
      ['DECODE_FAILED', 'line 4 has 1 field instead of 2'],
      ['DECODE_FAILED', 'line 5 has 3 fields instead of 2'],
      ['DECODE_FAILED', 'line 6 has no value for the column "a"'],
      ['DECODE_FAILED', 'line 7 holds "y" in the column "b", which is no f64'],
      ['DECODE_FAILED', 'line 9 has something else after the closing quote of a field'],
    ])
    expect(errors[0]!.value).toBe('x,2')
  })

  test('a null of a broken line does not stick to the next', () => {
    const order = schema({ b: f64().nullable(), a: i32() })
    expect(text(order, 'b,a\n,x\n2,2\n').rows).toEqual([{ b: 2, a: 2 }])
  })

  test('a quote that is never closed costs its own line only', () => {
    const { rows, errors } = text(ab, 'a,b\n1,2\n"3,4\n5,6\n7,8\n')
    expect(rows).toEqual([
      { a: '1', b: '2' },
      { a: '5', b: '6' },
      { a: '7', b: '8' },
    ])
    expect(errors.map(({ message, value }) => [message, value])).toEqual([
      ['line 3 opens a quote that is never closed', '"3,4'],
    ])
  })

  test('a line that is given up is told as far as it may be long, and what is behind it read as if it had no quotes', () => {
    const piece = fc.constantFrom('"', ',', '\n', 'a', '""', 'a","\n', '"\n', '\r\n')
    const givenUp = /^line (\d+) (?:is longer|opens a quote)/
    const property = fc.property(
      fc.array(piece, { maxLength: 60 }),
      fc.array(fc.nat(100), { maxLength: 4 }),
      fc.integer({ min: 1, max: 30 }),
      (pieces, at, maxLineBytes) => {
        const document = pieces.join('')
        const cuts = at.map(position => Math.min(position, document.length)).sort((a, b) => a - b)
        const make = () => csvDecoder(ab, { header: false, maxLineBytes })
        const { rows, errors } = decoded(make(), document, cuts)
        const lines = document.split('\n')
        for (const { message, value } of errors) {
          const line = Number(givenUp.exec(message)?.[1])
          if (Number.isNaN(line)) continue
          expect(value).toBe(lines[line - 1]!.replace(/\r$/, '').slice(0, maxLineBytes))
          lines[line - 1] = 'x'
        }
        const without = decoded(make(), lines.join('\n'))
        expect(without.errors.map(error => error.message)).not.toContainEqual(expect.stringMatching(givenUp))
        expect(without.rows).toEqual(rows)
        expect(linesOf(without.errors)).toEqual(linesOf(errors))
      },
    )
    fc.assert(property, { numRuns: 1000 })
  })

  test('lines that each open a quote for all that follow are walked through once, not once a line', () => {
    const line = `${'x'.repeat(1_000)}","\n`
    const { rows, errors } = text(ab, line.repeat(8_000), { header: false })
    expect(rows).toEqual([])
    expect(errors).toHaveLength(8_000)
  })

  test('a line that is too long costs its own line only, however it is cut', () => {
    const document = `a,b\n1,2\n${'x'.repeat(100)},3\n4,5\n"${'y'.repeat(50)}\n6,7\n`
    for (const cuts of [[], [9], [20, 60], [108], [109], [110], Array.from({ length: 120 }, (_, at) => at)]) {
      const { rows, errors } = decoded(csvDecoder(ab, { maxLineBytes: 40 }), document, cuts)
      expect(rows).toEqual([
        { a: '1', b: '2' },
        { a: '4', b: '5' },
        { a: '6', b: '7' },
      ])
      expect(linesOf(errors)).toEqual(['line 3', 'line 5'])
    }
  })

  test('the limit is exact, and a line end does not count', () => {
    for (const end of ['\n', '\r\n']) {
      const document = `a,b${end}123,56${end}123,567${end}1,2${end}`
      expect(linesOf(decoded(csvDecoder(ab, { maxLineBytes: 6 }), document).errors)).toEqual(['line 3'])
    }
  })

  test('bytes that are no UTF-8 are errors of their line and column', () => {
    const bytes = Uint8Array.of(97, 44, 98, 10, 0xff, 44, 49, 10, 50, 44, 51, 10)
    const { rows, errors } = decoded(csvDecoder(ab), bytes)
    expect(rows).toEqual([{ a: '2', b: '3' }])
    expect(errors.map(error => error.message)).toEqual(['line 2 isn\'t UTF-8 in the column "a"'])
  })

  test('lines inside quotes count as lines', () => {
    expect(linesOf(text(schema({ s: utf8(), n: i32() }), 's,n\n"1\n2\n3",4\nx,y\n').errors)).toEqual(['line 5'])
  })
})

describe('headers and options', () => {
  test('a column that is missing from the header ends the source, unless it is nullable', () => {
    expect(() => text(ab, 'a,c\n1,2\n')).toThrow('line 1, the header, lacks the column "b"; there is "a", "c"')
    expect(text(schema({ a: utf8(), b: f64().nullable() }), 'a\n1\n').rows).toEqual([{ a: '1', b: null }])
  })

  test('a column named twice ends the source', () => {
    expect(() => text(ab, 'a,b,a\n1,2,3\n')).toThrow('names the column "a" twice')
  })

  test('names like __proto__ are ordinary text', () => {
    const { rows } = text(schema({ toString: utf8() }), '__proto__,toString,constructor\n1,2,3\n')
    expect(rows).toEqual([{ toString: '2' }])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('a header of a million names is refused at once', () => {
    expect(() => text(ab, `${'a,'.repeat(1_000_000)}b\n`)).toThrow('16384 is the most')
  })

  test.each([
    [{ delimiter: '' }],
    [{ delimiter: ',,' }],
    [{ delimiter: '"' }],
    [{ delimiter: '\n' }],
    [{ delimiter: '.' }],
    [{ delimiter: 'é' }],
    [{ delimiter: '7' }],
    [{ maxLineBytes: 0 }],
    [{ maxLineBytes: 1.5 }],
    [{ timestamps: 'seconds' as 'ms' }],
    [{ columns: ['a'] }],
    [{ columns: ['a', 'b', 'a'] }],
  ] as [CsvDecoderOptions][])('%o is refused', options => {
    expect(() => csvDecoder(ab, options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  test('a megabyte of text in one field', () => {
    const big = 'x"'.repeat(500_000)
    const { rows } = text(ab, `a,b\n"${big.replaceAll('"', '""')}",1\n`)
    expect(rows).toEqual([{ a: big, b: '1' }])
  })
})
