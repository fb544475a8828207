import * as flechette from '@uwdata/flechette'
import * as arrow from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { arrowSource, flechetteTables } from '../../src/arrow/index.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { column, every, rows } from './every-type.ts'

/** The rows as a table made by flechette's own builders. */
function tableOf(text: flechette.DataType = flechette.utf8(), maxBatchRows = 1_000): flechette.Table {
  const types = {
    time: flechette.timestamp(),
    a: flechette.float64(),
    b: flechette.float32(),
    c: flechette.int32(),
    d: flechette.uint32(),
    e: flechette.int64(),
    f: flechette.bool(),
    g: text,
  }
  const columns = Object.entries(types).map(([name, type]): [string, flechette.Column<unknown>] => [
    name,
    flechette.columnFromArray(column(name as never), type, { maxBatchRows }),
  ])
  return flechette.tableFromColumns([
    ['unused', flechette.columnFromArray(column('b'), flechette.float64(), { maxBatchRows })],
    ...columns,
  ])
}

async function passed(table: flechette.Table): Promise<object[]> {
  const taken: object[] = []
  await (await pipeline(every, { bufferSize: 16 }).run({ source: arrowSource(table), sink: taken })).done
  return taken
}

describe('a table of flechette as a source', () => {
  test.each([
    ['as it is', () => tableOf()],
    ['text by dictionary', () => tableOf(flechette.dictionary(flechette.utf8(), flechette.int16()))],
    ['large text', () => tableOf(flechette.largeUtf8())],
    ['in batches', () => tableOf(flechette.dictionary(flechette.utf8()), 7)],
    [
      'of bytes that flechette wrote',
      () => flechette.tableFromIPC(flechette.tableToIPC(tableOf(), { format: 'file' })!),
    ],
    [
      'of bytes that Arrow wrote',
      () => flechette.tableFromIPC(arrow.tableToIPC(arrow.tableFromIPC(flechette.tableToIPC(tableOf(), {})!))),
    ],
  ])('gives every type: %s', async (_, table) => {
    expect(await passed(table())).toEqual(rows)
  })

  test('gives times of every unit, rounded to the past', async () => {
    const at = [-1_500_001n, -1n, 0n, 1_999_999n]
    const units = Object.values(flechette.TimeUnit)
    const columns = units.map((unit): [string, flechette.Column<unknown>] => {
      const type = flechette.timestamp(unit)
      const values = BigInt64Array.from(at)
      return [
        `t${unit}`,
        new flechette.Column([new (flechette.batchType(type))({ type, length: 4, nullCount: 0, values })]),
      ]
    })
    const times = schema({ t0: timestamp(), t1: timestamp(), t2: timestamp(), t3: timestamp() })
    const taken: object[] = []
    const source = arrowSource(flechette.tableFromColumns(columns))
    await (await pipeline(times).run({ source, sink: taken })).done
    expect(taken).toEqual([
      { t0: -1_500_001_000, t1: -1_500_001, t2: -1501, t3: -2 },
      { t0: -1000, t1: -1, t2: -1, t3: -1 },
      { t0: 0, t1: 0, t2: 0, t3: 0 },
      { t0: 1_999_999_000, t1: 1_999_999, t2: 1999, t3: 1 },
    ])
  })

  test.each([
    ['a column that is missing', { x: [1] }, /has no column "n"; it has x/],
    ['a column of another type', { n: ['1'] }, /"n" of source "arrow" is Dictionary, which can't be i32/],
  ])('fails on %s', async (_, arrays, message) => {
    const source = arrowSource(flechette.tableFromArrays(arrays as Record<string, unknown[]>))
    const job = await pipeline(schema({ n: i32() })).run({ source })
    await expect(job.done).rejects.toMatchObject({ code: 'SOURCE_FAILED', message: expect.stringMatching(message) })
  })

  test('fails where columns are not divided alike', async () => {
    const [n, m] = [2, 3].map(maxBatchRows =>
      flechette.columnFromArray([1, 2, 3, 4], flechette.int32(), { maxBatchRows }),
    )
    const source = arrowSource(flechette.tableFromColumns({ n: n!, m: m! }))
    const job = await pipeline(schema({ n: i32(), m: i32() })).run({ source })
    await expect(job.done).rejects.toMatchObject({ code: 'SOURCE_FAILED', message: expect.stringMatching(/divided/) })
  })
})

describe('tables of flechette of results', () => {
  test.each([{}, { copy: false }, { text: 'dictionary' }] as const)('hold what the rows hold: %j', async options => {
    const toTable = flechetteTables(flechette, every, options)
    const seen: object[] = []
    const bytes: Uint8Array[] = []
    const job = await pipeline(every, { maxBatch: 7 })
      .filter(e => e.d.ge(1))
      .run({
        source: rows,
        onBatch: batch => {
          const table = toTable(batch)
          seen.push(...table.toArray())
          bytes.push(flechette.tableToIPC(table, { format: 'stream' })!)
        },
      })
    await job.done
    expect(seen).toEqual(rows.slice(1))
    const read = bytes.flatMap(stream => arrow.tableFromIPC(stream).toArray())
    expect(read.map(row => ({ ...row.toJSON(), time: Number(row.time) }))).toEqual(rows.slice(1))
  })

  test('have codes and a dictionary where that is asked for', async () => {
    const texts = schema({ g: utf8() })
    const toTable = flechetteTables(flechette, texts, { text: 'dictionary' })
    const tables: flechette.Table[] = []
    const source = ['b', 'a', 'b'].map(g => ({ g }))
    await (await pipeline(texts).run({ source, onBatch: batch => void tables.push(toTable(batch)) })).done
    expect(tables[0]!.getChild('g').type.typeId).toBe(flechette.Type.Dictionary)
    expect(tables.flatMap(table => table.toArray())).toEqual(source)
  })
})
