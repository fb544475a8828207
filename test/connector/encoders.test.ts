import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvDecoder } from '../../src/connector/csv-decoder.ts'
import { encodeCsv, encodeCsvHeader } from '../../src/connector/csv-encoder.ts'
import { ndjsonDecoder } from '../../src/connector/ndjson-decoder.ts'
import { encodeNdjson } from '../../src/connector/ndjson-encoder.ts'
import { csvSink, ndjsonSink } from '../../src/connector/text-sink.ts'
import { bool, f32, f64, i32, i64, timestamp, u32, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { decoded } from './decoded.ts'

const everyType = schema({
  'a,"b"': f64().nullable(),
  f: f32(),
  i: i32().nullable(),
  u: u32(),
  l: i64().nullable(),
  b: bool().nullable(),
  t: timestamp(),
  s: utf8().nullable(),
  z: utf8(),
})
const orNull = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null })
// Lone surrogates are left out: UTF-8 can't hold them.
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('"', ',', '\n', '\r', '\uFEFF', ' ', 'x', '=', "'"), { maxLength: 6 })
    .map(all => all.join('')),
)
const row = fc.record({
  'a,"b"': orNull(fc.double()),
  f: fc.float(),
  i: orNull(fc.integer()),
  u: fc.nat().map(n => n * 2 + 1),
  l: orNull(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  b: orNull(fc.boolean()),
  t: fc.maxSafeInteger(),
  s: orNull(anyText),
  z: anyText,
})
const bytesOf = (chunks: readonly Uint8Array[]): Uint8Array => Uint8Array.from(chunks.flatMap(chunk => [...chunk]))

describe('what is encoded comes back', () => {
  test('through NDJSON, for every type, null and number', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 8 }), fc.nat(300), (rows, cut) => {
        const document = new TextEncoder().encode(rows.map(one => `${encodeNdjson(one)}\n`).join(''))
        const cuts = cut < document.length ? [cut] : []
        expect(decoded(ndjsonDecoder(everyType), document, cuts)).toEqual({ rows, errors: [] })
      }),
    )
  })

  test('through CSV, for every type, null and number, LF and CRLF, any delimiter', () => {
    const fields = everyType.fields.map(field => field.name)
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 8 }),
        fc.nat(300),
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom(',', ';', '\t', '|'),
        (rows, cut, end, delimiter) => {
          const lines = [encodeCsvHeader(fields, delimiter), ...rows.map(one => encodeCsv(one, fields, delimiter))]
          const document = new TextEncoder().encode(lines.map(line => line + end).join(''))
          const cuts = cut < document.length ? [cut] : []
          expect(decoded(csvDecoder(everyType, { delimiter }), document, cuts)).toEqual({ rows, errors: [] })
        },
      ),
    )
  })

  test('a single nullable column, nulls and empty texts told apart', () => {
    const only = schema({ s: utf8().nullable() })
    const rows = [{ s: '' }, { s: null }, { s: '\uFEFF' }, { s: null }, { s: 'x' }]
    const document = rows.map(one => `${encodeCsv(one, ['s'])}\n`).join('')
    expect(decoded(csvDecoder(only, { header: false }), document)).toEqual({ rows, errors: [] })
  })
})

describe('the text itself', () => {
  test('NDJSON', () => {
    expect(
      encodeNdjson({ a: 9007199254740993n, b: -0, c: Number.NaN, d: Number.NEGATIVE_INFINITY, e: undefined }),
    ).toBe('{"a":9007199254740993,"b":-0,"c":"NaN","d":"-Infinity"}')
    expect(
      encodeNdjson({ text: '\u2028\n"é', none: null, yes: true, list: [1n, undefined], in: { at: new Date(0) } }),
    ).toBe('{"text":"\u2028\\n\\"é","none":null,"yes":true,"list":[1,null],"in":{"at":"1970-01-01T00:00:00.000Z"}}')
    expect(encodeNdjson({})).toBe('{}')
  })

  test('JSON.parse reads what NDJSON writes, for any JSON value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), value => {
        expect(JSON.parse(encodeNdjson(value))).toEqual(value)
      }),
    )
  })

  test('CSV of lists and objects is the JSON of NDJSON, with integers of all their digits', () => {
    const ids = [9_007_199_254_740_993n, -1n]
    expect(encodeCsv({ ids, best: { id: 1n, price: -0 } }, ['ids', 'best'])).toBe(
      '"[9007199254740993,-1]","{""id"":1,""price"":-0}"',
    )
    expect(encodeCsv({ left: { toJSON: () => undefined }, none: null }, ['left', 'none'])).toBe(',')
  })

  test('CSV writes a date, and whatever says of itself in JSON that it is a text, as that text', () => {
    const values = { at: new Date(86_400_000), name: { toJSON: () => 'a "b"' }, never: new Date(Number.NaN) }
    expect(encodeCsv(values, ['at', 'name', 'never'])).toBe('1970-01-02T00:00:00.000Z,"a ""b""",')
  })

  test('CSV quotes what must be quoted, and nothing else', () => {
    const values = {
      a: 'x',
      b: 'x,y',
      c: 'say "hi"',
      d: 'two\nlines',
      e: '',
      f: null,
      g: ' x ',
      h: -1.5,
      i: 7n,
      j: false,
    }
    expect(encodeCsv(values, Object.keys(values))).toBe('x,"x,y","say ""hi""","two\nlines","",, x ,-1.5,7,false')
    expect(encodeCsv({ a: 'x;y,z' }, ['a', 'missing'], ';')).toBe('"x;y,z";')
  })
})

describe('sinks of text', () => {
  test('write chunks of about the size asked for, the rest on flush', async () => {
    const chunks: Uint8Array[] = []
    const sink = ndjsonSink<{ id: number }>(chunks, { chunkChars: 25 })
    for (let id = 0; id < 7; id++) sink.write({ id })
    expect(chunks.map(chunk => chunk.length)).toEqual([27, 27])
    await sink.flush!()
    expect(new TextDecoder().decode(bytesOf(chunks))).toBe([0, 1, 2, 3, 4, 5, 6].map(id => `{"id":${id}}\n`).join(''))
    await sink.close!()
    expect(chunks).toHaveLength(3)
  })

  test('CSV begins with its header, once', async () => {
    const chunks: Uint8Array[] = []
    const sink = csvSink<{ id: number; name: string }>(chunks)
    sink.write({ id: 1, name: 'a' })
    await sink.flush!()
    sink.write({ name: 'b', id: 2 })
    await sink.close!()
    expect(new TextDecoder().decode(bytesOf(chunks))).toBe('id,name\n1,a\n2,b\n')
  })

  // As Python's csv.DictWriter with writeheader() does, and COPY with HEADER of DuckDB.
  test.each([
    ['its header where the columns are known', { fields: ['id', 'a,b'] }, 'id,"a,b"\n'],
    ['nothing without header', { fields: ['id'], header: false }, ''],
    ['nothing where the columns are those of the first row', {}, ''],
  ])('CSV without rows is %s', async (_, options, text) => {
    const chunks: Uint8Array[] = []
    const sink = csvSink(chunks, options)
    await sink.flush!()
    await sink.close!()
    expect(new TextDecoder().decode(bytesOf(chunks))).toBe(text)
    const failed: Uint8Array[] = []
    await csvSink(failed, options).close!(new Error('the wire is cut'))
    expect(failed).toEqual([])
  })

  test('CSV of chosen columns, without header, with another delimiter', async () => {
    const chunks: Uint8Array[] = []
    const sink = csvSink<{ id: number; name: string }>(chunks, {
      fields: ['name', 'id'],
      header: false,
      delimiter: ';',
    })
    sink.write({ id: 1, name: 'a;b' })
    await sink.close!()
    expect(new TextDecoder().decode(bytesOf(chunks))).toBe('"a;b";1\n')
    expect(() => csvSink([], { delimiter: '"' })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  test('a full target makes the write wait', async () => {
    let free: () => void = () => {}
    const sink = ndjsonSink<{ id: number }>(() => new Promise<void>(resolve => (free = resolve)), { chunkChars: 1 })
    let isThrough = false
    const written = Promise.resolve(sink.write({ id: 1 })).then(() => {
      isThrough = true
    })
    await new Promise(resolve => setImmediate(resolve))
    expect(isThrough).toBe(false)
    free()
    await written
    expect(isThrough).toBe(true)
  })

  test.each([
    ['asked again', 'retry', ['n', '0', '1', '2', '3', '4']],
    ['left out', 'skip', ['n', '0', '2', '3', '4']],
  ])('lose nothing but the row a write failed on, which is %s', async (_, policy, lines) => {
    for (const isLater of [false, true]) {
      const chunks: Uint8Array[] = []
      let writes = 0
      const target = (bytes: Uint8Array): void | Promise<void> => {
        if (++writes === 1) {
          const full = new Error('full')
          if (isLater) return Promise.reject(full)
          throw full
        }
        chunks.push(bytes)
      }
      const sink = csvSink<{ n: number }>(target, { chunkChars: 6 })
      for (let n = 0; n < 5; n++) {
        const write = async (): Promise<void> => sink.write({ n })
        await write().catch(() => (policy === 'retry' ? write() : undefined))
      }
      await sink.close!()
      expect(new TextDecoder().decode(bytesOf(chunks)).trim().split('\n')).toEqual(lines)
    }
  })
})
