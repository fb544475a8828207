import * as arrow from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { arrowSource, arrowStream, recordBatches } from '../../src/arrow/index.ts'
import { count, max } from '../../src/expression/aggregates.ts'
import { topK } from '../../src/expression/choice-aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, i32, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'
import { describeSource } from '../connector/describe-conformance.ts'
import { column, every, rows } from './every-type.ts'

/** The rows as a table made by arrow's own builders. */
function tableOf(text: arrow.DataType = new arrow.Utf8()): arrow.Table {
  const vectors = {
    time: arrow.vectorFromArray(column('time'), new arrow.TimestampMillisecond()),
    unused: arrow.vectorFromArray(column('b'), new arrow.Float64()),
    a: arrow.vectorFromArray(column('a'), new arrow.Float64()),
    b: arrow.vectorFromArray(column('b'), new arrow.Float32()),
    c: arrow.vectorFromArray(column('c'), new arrow.Int32()),
    d: arrow.vectorFromArray(column('d'), new arrow.Uint32()),
    e: arrow.vectorFromArray(column('e'), new arrow.Int64()),
    f: arrow.vectorFromArray(column('f'), new arrow.Bool()),
    g: arrow.vectorFromArray(column('g'), text),
  }
  return new arrow.Table(vectors as never)
}
const coded = () => new arrow.Dictionary(new arrow.Utf8(), new arrow.Int16())

async function passed(source: Parameters<typeof arrowSource>[0]) {
  const taken: object[] = []
  await (await pipeline(every, { bufferSize: 16 }).run({ source: arrowSource(source), sink: taken })).done
  return taken
}

describeSource('a table', {
  make: () => ({
    source: arrowSource(tableOf(), schema({ time: timestamp(), a: f64().nullable(), g: utf8().nullable() })),
  }),
  events: rows.map(({ time, a, g }) => ({ time, a, g })),
  isBounded: true,
})

describe('an Arrow source', () => {
  test.each([
    ['a table', () => tableOf()],
    ['text by dictionary', () => tableOf(coded())],
    ['large text', () => tableOf(new arrow.LargeUtf8())],
    ['record batches', () => tableOf().batches],
    ['bytes of a stream', () => arrow.tableToIPC(tableOf(coded()), 'stream')],
    ['bytes of a file', () => arrow.tableToIPC(tableOf(), 'file')],
    ['bytes that come in pieces', () => pieces(arrow.tableToIPC(tableOf(coded()), 'stream'), 100)],
    ['a ReadableStream', () => new Response(arrow.tableToIPC(tableOf(), 'stream') as never).body!],
  ])('takes every type: %s', async (_, input) => {
    expect(await passed(input() as never)).toEqual(rows)
  })

  test('hands numbers on as the arrays of the batch, and copies none', async () => {
    const table = arrow.tableFromArrays({ a: Float64Array.of(1, 2, 3), c: Int32Array.of(4, 5, 6) })
    const blocks: Record<string, unknown>[] = []
    const source = arrowSource(table, schema({ a: f64(), c: i32() }))
    await source.run({
      signal: new AbortController().signal,
      pushColumns: (block: Record<string, unknown>) => blocks.push(block) > 0,
    } as never)
    const valuesOf = (name: 'a' | 'c') => table.getChild(name)!.data[0]!.values as Float64Array
    expect(blocks).toHaveLength(1)
    for (const name of ['a', 'c'] as const) {
      const given = blocks[0]![name] as Float64Array
      expect([given.buffer, given.byteOffset, given.length]).toEqual([
        valuesOf(name).buffer,
        valuesOf(name).byteOffset,
        3,
      ])
      expect(given.buffer).toBe(valuesOf(name).buffer)
    }
  })

  test('takes slices that begin in the middle of a byte', async () => {
    for (const text of [new arrow.Utf8(), coded()]) {
      const parts = [tableOf(text).slice(0, 3), tableOf(text).slice(3, 45), tableOf(text).slice(45)]
      expect((await Promise.all(parts.map(passed))).flat()).toEqual(rows)
    }
  })

  test('takes times of every unit, and dates, rounded to the past', async () => {
    const at = [-1_500_001n, -1n, 0n, 1_999_999n]
    const times = schema({ s: timestamp(), ms: timestamp(), us: timestamp(), ns: timestamp(), day: timestamp() })
    const of = (type: new () => arrow.DataType) =>
      arrow.makeVector(
        arrow.makeData({ type: new type(), length: 4, nullCount: 0, data: BigInt64Array.from(at) } as never),
      )
    const table = new arrow.Table({
      s: of(arrow.TimestampSecond),
      ms: of(arrow.TimestampMillisecond),
      us: of(arrow.TimestampMicrosecond),
      ns: of(arrow.TimestampNanosecond),
      day: arrow.makeVector(arrow.makeData({ type: new arrow.DateDay(), length: 4, data: Int32Array.of(-1, 0, 1, 2) })),
    } as never)
    const taken: object[] = []
    await (await pipeline(times).run({ source: arrowSource(table), sink: taken })).done
    expect(taken).toEqual([
      { s: -1_500_001_000, ms: -1_500_001, us: -1501, ns: -2, day: -86_400_000 },
      { s: -1000, ms: -1, us: -1, ns: -1, day: 0 },
      { s: 0, ms: 0, us: 0, ns: 0, day: 86_400_000 },
      { s: 1_999_999_000, ms: 1_999_999, us: 1999, ns: 1, day: 172_800_000 },
    ])
  })

  test.each([
    ['a column that is missing', { x: arrow.vectorFromArray([1], new arrow.Int32()) }, /has no column "n"; it has x/],
    [
      'a column of another type',
      { n: arrow.vectorFromArray(['1'], new arrow.Utf8()) },
      /"n" of source "arrow" is Utf8/,
    ],
  ])('fails on %s', async (_, vectors, message) => {
    const source = arrowSource(new arrow.Table(vectors as never))
    const job = await pipeline(schema({ n: i32() })).run({ source })
    await expect(job.done).rejects.toMatchObject({ code: 'SOURCE_FAILED', message: expect.stringMatching(message) })
  })

  test('takes nothing from bytes that are no Arrow', async () => {
    const job = await pipeline(schema({ n: i32() })).run({
      source: arrowSource(Uint8Array.from({ length: 99 }, (_, i) => i)),
    })
    await expect(job.done).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })
})

describe('record batches of results', () => {
  test.each([{ copy: true }, { copy: false }, { text: 'dictionary' }] as const)(
    'hold what the rows hold: %j',
    async options => {
      const toRecordBatch = await recordBatches(every, options)
      const seen: object[] = []
      const job = await pipeline(every, { maxBatch: 7 })
        .filter(e => e.d.ge(1))
        .run({
          source: rows,
          onBatch: batch => {
            for (const row of toRecordBatch(batch)) seen.push({ ...row.toJSON(), time: Number(row.time) })
          },
        })
      await job.done
      expect(seen).toEqual(rows.slice(1))
    },
  )

  test.each([
    [false, true],
    [true, false],
  ])('with copy: %s their numbers are views of memory of the engine: %s', async (copy, isView) => {
    const numbers = schema({ a: f64(), c: i32() })
    const toRecordBatch = await recordBatches(numbers, { copy })
    const views: boolean[] = []
    const job = await pipeline(numbers).run({
      source: [{ a: 1, c: 2 }],
      onBatch: batch => {
        const made = toRecordBatch(batch)
        for (const name of ['a', 'c'] as const)
          views.push(made.getChild(name)!.data[0]!.values.buffer === (batch.column(name) as Float64Array).buffer)
      },
    })
    await job.done
    expect(views).toEqual([isView, isView])
  })

  test('have each text once in the dictionary of a batch, which may be empty', async () => {
    const toRecordBatch = await recordBatches(schema({ g: utf8().nullable() }), { text: 'dictionary' })
    const dictionaries: unknown[][] = []
    const texts = pipeline(schema({ g: utf8().nullable() }), { maxBatch: 4, bufferSize: 4 })
    const source = ['b', 'a', 'b', null, null, null, null, null, 'c', 'a', 'a', 'a'].map(g => ({ g }))
    const onBatch: NonNullable<Parameters<typeof texts.run>[0]>['onBatch'] = batch => {
      const { data } = toRecordBatch(batch).getChild('g')!
      dictionaries.push([...data[0]!.dictionary!])
    }
    await (await texts.run({ source, onBatch })).done
    expect(dictionaries).toEqual([['b', 'a'], [], ['c', 'a']])
  })

  test('are there after the batch is gone when they are copies', async () => {
    const toRecordBatch = await recordBatches(every)
    const batches: arrow.RecordBatch[] = []
    await (
      await pipeline(every, { bufferSize: 8 }).run({
        source: rows,
        onBatch: batch => void batches.push(toRecordBatch(batch)),
      })
    ).done
    expect(new arrow.Table(batches).toArray().map(row => row.a)).toEqual(column('a'))
  })
})

describe('an Arrow stream of results', () => {
  const tops = pipeline(every, { maxBatch: 16, bufferSize: 16 })
    .eventTime('time')
    .keyBy('g')
    .window(tumbling('30s'))
    .aggregate(e => ({ n: count(), most: max(e.a), top: topK(e.d, 2) }))

  test.each(['utf8', 'dictionary'] as const)('is read back by Arrow, objects as JSON, text as %s', async text => {
    const chunks: Uint8Array[] = []
    const stream = await arrowStream(tops.outputSchema, chunks, { text })
    const plain: object[] = []
    await (await tops.run({ source: rows, onBatch: stream.onBatch })).done
    await stream.close()
    await (await tops.run({ source: rows, sink: plain })).done
    const table = arrow.tableFromIPC(chunks)
    expect(table.toArray().map(row => ({ ...row.toJSON(), top: JSON.parse(row.top) }))).toEqual(plain)
  })

  test('without results has a schema', async () => {
    const chunks: Uint8Array[] = []
    await (await arrowStream(tops.outputSchema, chunks)).close()
    const { numRows, schema: of } = arrow.tableFromIPC(chunks)
    expect(numRows).toBe(0)
    expect(of.names).toEqual(['windowStart', 'windowEnd', 'g', 'n', 'most', 'top'])
  })
})

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
}
