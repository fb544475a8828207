import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { count, max, sum } from '../../src/expression/aggregates.ts'
import { collect } from '../../src/expression/choice-aggregates.ts'
import { asc, desc } from '../../src/expression/ordering.ts'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import type { Pipeline } from '../../src/pipeline.ts'
import { f64, i64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { session } from '../../src/time/session-windows.ts'
import { hopping, tumbling } from '../../src/time/windows.ts'
import type { Row } from '../plan/scalar-interpreter.ts'
import { type Manner, runPlanRows } from './run-plan-rows.ts'

const events = schema({ time: timestamp(), key: utf8(), other: utf8(), value: f64().nullable(), big: i64() })
const stream = pipeline(events).eventTime('time')
const manner: Manner = { engine: 'wasm', maxBatch: 64, bufferSize: 64, way: 'pushMany', blockRows: 50, stalls: false }
const manners: readonly Manner[] = [
  { ...manner, maxBatch: 1, bufferSize: 1 },
  { ...manner, maxBatch: 2, stalls: true },
  { ...manner, engine: 'js', maxBatch: 7 },
  { ...manner, maxBatch: 4096, bufferSize: 4096, blockRows: 1000 },
]

/** Rows that fall into few keys and many, with values that are often equal or missing. */
const rows: readonly Row[] = Array.from({ length: 2_000 }, (_, i) => ({
  time: i * 5 + ((i * 7) % 11),
  key: `k${(i * i) % 61}`,
  other: `o${i % 4}`,
  value: i % 13 === 0 ? null : (i * 31) % 9,
  big: 2n ** 60n + BigInt((i * 17) % 23),
}))
const disordered = pipeline(events).eventTime('time', { outOfOrdernessMs: 20 })

let duckdb: DuckDBInstance
beforeAll(async () => {
  duckdb = await DuckDBInstance.create()
  const connection = await duckdb.connect()
  const values = rows.map((row, i) => `(${i}, ${row.time}, '${row.key}', '${row.other}', ${row.value}, ${row.big})`)
  await connection.run('CREATE TABLE e(i INT, time BIGINT, key TEXT, other TEXT, value DOUBLE, big BIGINT)')
  await connection.run(`INSERT INTO e VALUES ${values.join(', ')}`)
  connection.closeSync()
})
afterAll(() => duckdb.closeSync())

async function asked(sql: string): Promise<unknown[][]> {
  const connection = await duckdb.connect()
  const reader = await connection.runAndReadAll(sql)
  connection.closeSync()
  return reader.getRows().map(row => row.map(value => (typeof value === 'bigint' ? Number(value) : value)))
}

/** The rows of a pipeline, the same in every manner of running it. */
async function given(of: Pipeline | { readonly plan: unknown }, input: readonly Row[] = rows): Promise<Row[]> {
  const { plan } = of as Pipeline
  const first = await runPlanRows(plan, input, manner)
  for (const other of manners) expect(await runPlanRows(plan, input, other), JSON.stringify(other)).toEqual(first)
  if ('code' in first) throw new Error(first.code)
  return first.rows
}
const values = (out: readonly Row[]) =>
  out.map(row => Object.values(row).map(value => (typeof value === 'bigint' ? Number(value) : value)))

/** Results of seconds by key, in the order a window gives them: keys as they came up. */
const SECONDS = `SELECT time // 1000 * 1000 AS s, time // 1000 * 1000 + 1000 AS e, key, count(*) AS n, sum(value) AS total, min(i) AS i
  FROM e GROUP BY ALL`
const seconds = disordered
  .keyBy('key')
  .window(tumbling('1s'))
  .aggregate(e => ({ n: count(), total: sum(e.value) }))

describe('the results of each window', () => {
  it('are put in an order, equal ones as they came', async () => {
    const out = await given(seconds.orderBy(r => [desc(r.n), asc(r.total)]))
    expect(values(out)).toEqual(
      await asked(`SELECT s, e, key, n, total FROM (${SECONDS}) ORDER BY s, n DESC, total ASC NULLS LAST, i`),
    )
  })

  it('are ordered by text and by whole numbers no f64 holds', async () => {
    const bigs = disordered
      .keyBy('key', 'other')
      .window(tumbling('2s'))
      .aggregate(e => ({ high: max(e.big) }))
      .orderBy(r => [asc(r.other), desc(r.high), desc(r.key)])
    expect(values(await given(bigs))).toEqual(
      await asked(`SELECT time // 2000 * 2000 AS s, time // 2000 * 2000 + 2000 AS e, key, other, max(big) AS high
        FROM e GROUP BY ALL ORDER BY s, other, high DESC, key DESC`),
    )
  })

  it('are in order of what comes next where whole numbers are missing', async () => {
    const lacking = pipeline(schema({ time: timestamp(), n: i64(), less: i64().nullable() }))
      .eventTime('time')
      .window(tumbling(100))
      .topRows(9, e => [desc(e.less.sub(e.n)), desc(e.n)])
    const input = Array.from({ length: 9 }, (_, i) => ({
      time: i,
      n: BigInt((i * 5) % 9),
      less: i % 3 === 0 ? null : 7n,
    }))
    expect((await given(lacking, input)).map(({ n, less }) => [n, less])).toEqual([
      [1n, 7n],
      [2n, 7n],
      [4n, 7n],
      [5n, 7n],
      [7n, 7n],
      [8n, 7n],
      [6n, null],
      [3n, null],
      [0n, null],
    ])
  })

  it('are limited window by window, with an offset or without', async () => {
    const first = await given(seconds.orderBy(r => [desc(r.n), asc(r.key)]).limit(3, { offset: 2 }))
    expect(values(first)).toEqual(
      await asked(`SELECT s, e, key, n, total FROM (${SECONDS})
        QUALIFY row_number() OVER (PARTITION BY s ORDER BY n DESC, key) BETWEEN 3 AND 5 ORDER BY s, n DESC, key`),
    )
    const asTheyCome = await given(seconds.limit(2))
    expect(values(asTheyCome)).toEqual(
      await asked(`SELECT s, e, key, n, total FROM (${SECONDS})
        QUALIFY row_number() OVER (PARTITION BY s ORDER BY i) <= 2 ORDER BY s, i`),
    )
  })

  it('have a top n: exactly n rows, or those equal to the last too, with ranks', async () => {
    const exact = await given(seconds.topN(4, r => desc(r.total), { rank: 'place' }))
    expect(values(exact)).toEqual(
      await asked(`SELECT s, e, key, n, total, row_number() OVER w AS place FROM (${SECONDS})
        WINDOW w AS (PARTITION BY s ORDER BY total DESC NULLS LAST, i) QUALIFY place <= 4 ORDER BY s, place`),
    )
    const tied = await given(seconds.topN(4, r => desc(r.total), { ties: 'keep', rank: 'place' }))
    expect(tied.length).toBeGreaterThan(exact.length)
    expect(values(tied)).toEqual(
      await asked(`SELECT s, e, key, n, total, rank() OVER w AS place FROM (${SECONDS})
        WINDOW w AS (PARTITION BY s ORDER BY total DESC NULLS LAST) QUALIFY place <= 4 ORDER BY s, place, i`),
    )
  })

  it('have a top n of each value of some columns', async () => {
    const top = disordered
      .keyBy('key', 'other')
      .window(hopping('2s', '1s'))
      .aggregate(e => ({ total: sum(e.value) }))
      .topN(2, r => [desc(r.total), asc(r.key)], { by: ['other'], rank: 'place' })
    const out = await given(top)
    const byValue = [...out].sort(
      (a, b) =>
        Number(a.windowStart) - Number(b.windowStart) ||
        String(a.other).localeCompare(String(b.other)) ||
        Number(a.place) - Number(b.place),
    )
    expect(values(byValue)).toEqual(
      await asked(`SELECT s, s + 2000 AS e, key, other, sum(value) AS total,
          row_number() OVER (PARTITION BY s, other ORDER BY sum(value) DESC NULLS LAST, key) AS place
        FROM (SELECT *, unnest([time // 1000 * 1000, time // 1000 * 1000 - 1000]) AS s FROM e)
        GROUP BY s, key, other QUALIFY place <= 2 ORDER BY s, other, place`),
    )
    const firsts = out.filter(({ windowStart }) => windowStart === 0).map(({ other }) => other)
    expect([...new Set(firsts)]).toEqual(['o0', 'o1', 'o2', 'o3'])
  })

  it('are those of sessions of the same bounds', async () => {
    const input = [
      [0, 'a'],
      [0, 'b'],
      [0, 'b'],
      [50, 'c'],
      [500, 'a'],
    ].map(([time, key]): Row => ({ time: time!, key: key!, other: '', value: 1, big: 0n }))
    const top = stream
      .keyBy('key')
      .window(session(100))
      .aggregate(() => ({ n: count() }))
      .topN(1, r => desc(r.n))
    const out = await given(top, input)
    expect(out.map(({ windowStart, key, n }) => [windowStart, key, n])).toEqual([
      [0, 'b', 2],
      [50, 'c', 1],
      [500, 'a', 1],
    ])
  })

  it('keep lists and other objects', async () => {
    const lists = disordered
      .keyBy('key')
      .window(tumbling('5s'))
      .aggregate(e => ({ n: count(), others: collect(e.other, { max: 3 }) }))
    const all = (await given(lists)).filter(({ n }) => n === 33 || n === 34)
    const top = await given(lists.topN(100, r => desc(r.n)))
    for (const row of all) expect(top).toContainEqual(row)
  })

  it('can be windowed again, filtered and projected', async () => {
    const wins = seconds
      .topN(1, r => [desc(r.n), asc(r.key)])
      .project(r => ({ key: r.key, windowEnd: r.windowEnd }))
      .keyBy('key')
      .window(tumbling('10s'))
      .aggregate(() => ({ wins: count() }))
    expect(values(await given(wins))).toEqual(
      await asked(`SELECT s // 10000 * 10000 AS w, s // 10000 * 10000 + 10000, key, count(*) FROM (
          SELECT * FROM (${SECONDS}) QUALIFY row_number() OVER (PARTITION BY s ORDER BY n DESC, key) = 1)
        GROUP BY w, key ORDER BY w, min(s)`),
    )
  })
})

describe('an order', () => {
  it('travels as data, and a limit behind it is one step with it', async () => {
    const top = seconds
      .orderBy(r => [desc(r.n), asc(r.key)])
      .limit(3)
      .topN(2, r => asc(r.key), { by: ['n'], ties: 'keep', rank: 'place' })
    const again = pipelineFromJSON(JSON.stringify(top))
    expect(again.plan).toEqual(top.plan)
    expect(await given(again)).toEqual(await given(top))
    const shown = top.explain().split('\n')
    expect(shown.filter(line => line.startsWith('order'))).toEqual([
      'order       n desc, key asc; the first 3 of each window',
      'order       key asc; by n; the first 2 of each window; with ties; ranks in place',
    ])
    expect(top.explain()).toMatch(/kernels .*leF64ColConst/)
    expect(top.explain()).toMatch(/state: at most 3 rows of a window until it is complete, \d+ bytes each/)
  })

  it('has to stand where rows are results of windows, with the columns that say of which', () => {
    const untyped = (of: unknown) => of as typeof seconds
    const top = (of: unknown) => () => untyped(of).topN(1, r => desc(r.windowEnd))
    const results = /results of one window/
    expect(top(stream)).toThrow(results)
    expect(top(seconds.project(r => ({ windowEnd: r.windowEnd, n: r.n })))).toThrow(results)
    expect(top(seconds.mapRows(seconds.outputSchema, row => row))).toThrow(results)
    const late = stream.window(tumbling('1s', { allowedLateness: '1s' })).aggregate(() => ({ n: count() }))
    expect(top(late)).not.toThrow()
    expect(() => pipelineFromJSON({ ...late.toJSON(), nodes: [...late.plan.nodes, { op: 'windowOrder' }] })).toThrow()
  })

  it.each<[string, Record<string, unknown>]>([
    ['no terms and ranks', { rank: 'r' }],
    ['no terms and ties', { ties: 'keep', limit: 1 }],
    [
      'ties without a limit',
      { order: [{ expression: { kind: 'column', name: 'n' }, direction: 'asc' }], ties: 'keep' },
    ],
    ['a direction there is not', { order: [{ expression: { kind: 'column', name: 'n' }, direction: 'up' }] }],
    ['a column there is not', { order: [{ expression: { kind: 'column', name: 'x' }, direction: 'asc' }] }],
    ['an aggregate', { order: [{ expression: { kind: 'aggregate', fn: 'count', args: [] }, direction: 'asc' }] }],
    ['a limit of 0', { limit: 0 }],
    ['half a row', { limit: 1.5 }],
    ['an offset below 0', { offset: -1 }],
    ['a list for a limit', { limit: [1] }],
    ['by what is not there', { by: ['x'], limit: 1 }],
    ['by a column twice', { by: ['n', 'n'], limit: 1 }],
    ['by no list', { by: 'n', limit: 1 }],
    ['by a number', { by: [1], limit: 1 }],
    ['a rank of a taken name', { order: [{ expression: { kind: 'column', name: 'n' }, direction: 'asc' }], rank: 'n' }],
    [
      'a rank of a forbidden name',
      { order: [{ expression: { kind: 'column', name: 'n' }, direction: 'asc' }], rank: '__proto__' },
    ],
    ['too many terms', { order: Array(65).fill({ expression: { kind: 'column', name: 'n' }, direction: 'asc' }) }],
  ])('as data with %s is refused', (_, parts) => {
    const { nodes, ...plan } = seconds.toJSON()
    const step = { op: 'windowOrder', by: [], order: [], offset: 0, ties: 'drop', ...parts }
    expect(() => pipelineFromJSON({ ...plan, nodes: [...nodes, step] })).toThrow(/./)
    const fine = { op: 'windowOrder', by: [], order: [], offset: 0, ties: 'drop' }
    expect(() => pipelineFromJSON({ ...plan, nodes: [...nodes, fine] })).not.toThrow()
  })
})
