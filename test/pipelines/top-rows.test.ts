import { readFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, expectTypeOf, it } from 'vitest'
import { count, max } from '../../src/expression/aggregates.ts'
import { ifElse } from '../../src/expression/functions.ts'
import { asc, desc } from '../../src/expression/ordering.ts'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import type { LogicalPlan } from '../../src/plan/logical-node.ts'
import { f64, i32, timestamp, utf8 } from '../../src/schema/data-type.ts'
import type { ResultRow } from '../../src/schema/row-types.ts'
import { schema } from '../../src/schema/schema.ts'
import { session } from '../../src/time/session-windows.ts'
import { hopping, tumbling } from '../../src/time/windows.ts'
import type { Row } from '../plan/scalar-interpreter.ts'
import { type Manner, runPlanRows } from './run-plan-rows.ts'

const path = new URL('../data/nexmark/bids.csv', import.meta.url)
const bids: readonly Row[] = readFileSync(path, 'utf8')
  .trim()
  .split('\n')
  .slice(1, 8_001)
  .map(line => {
    const [auction, bidder, price, time] = line.split(',').map(Number)
    return { auction: auction!, bidder: bidder!, price: price!, time: time!, note: `bid of ${bidder}` }
  })
const stream = pipeline(
  schema({ auction: i32(), bidder: i32(), price: f64(), time: timestamp(), note: utf8() }),
).eventTime('time', { outOfOrderness: 20 })

const manner: Manner = { engine: 'wasm', maxBatch: 64, bufferSize: 64, way: 'pushMany', blockRows: 500, stalls: false }
const manners: readonly Manner[] = [
  { ...manner, maxBatch: 1, bufferSize: 1 },
  { ...manner, engine: 'js', maxBatch: 7, stalls: true },
  { ...manner, maxBatch: 4096, bufferSize: 4096 },
]

let duckdb: DuckDBInstance
beforeAll(async () => {
  duckdb = await DuckDBInstance.create()
  const connection = await duckdb.connect()
  await connection.run(`CREATE TABLE bid AS SELECT auction, bidder, price::DOUBLE AS price, ts_ms AS time,
    'bid of ' || bidder AS note, row_number() OVER () AS i FROM read_csv('${path.pathname}') LIMIT 8000`)
  connection.closeSync()
})
afterAll(() => duckdb.closeSync())

async function asked(sql: string): Promise<unknown[][]> {
  const connection = await duckdb.connect()
  const reader = await connection.runAndReadAll(sql)
  connection.closeSync()
  return reader.getRows().map(row => row.map(value => (typeof value === 'bigint' ? Number(value) : value)))
}

async function given({ plan }: { readonly plan: LogicalPlan }, input: readonly Row[] = bids) {
  const first = await runPlanRows(plan, input, manner)
  for (const other of manners) expect(await runPlanRows(plan, input, other), JSON.stringify(other)).toEqual(first)
  if ('code' in first) throw new Error(first.code)
  return first
}
const values = (rows: readonly Row[]) => rows.map(row => Object.values(row))

it('the dearest bids of each window come out whole, all of them where they are equal', async () => {
  const top = stream.window(tumbling(100)).topRows(1, e => desc(e.price), { ties: 'keep' })
  expect(values((await given(top)).rows)).toEqual(
    await asked(`SELECT time // 100 * 100 AS s, time // 100 * 100 + 100, auction, bidder, price, time, note FROM bid
      QUALIFY rank() OVER (PARTITION BY s ORDER BY price DESC) = 1 ORDER BY s, i`),
  )
})

it('of each key the first n, with their places, in windows that overlap', async () => {
  const top = stream
    .filter(e => e.auction.lt(1_040))
    .keyBy('auction')
    .window(hopping(200, 100))
    .topRows(3, e => [desc(e.price), asc(e.note)], { rank: 'place' })
  expectTypeOf<ResultRow<typeof top.outputSchema>>().toEqualTypeOf<{
    readonly windowStart: number
    readonly windowEnd: number
    readonly auction: number
    readonly bidder: number
    readonly price: number
    readonly time: number
    readonly note: string
    readonly place: number
  }>()
  expect(values((await given(top)).rows)).toEqual(
    await asked(`WITH w AS (
        SELECT *, unnest([time // 100 * 100, time // 100 * 100 - 100]) AS s FROM bid WHERE auction < 1040),
      f AS (SELECT *, row_number() OVER (PARTITION BY s, auction ORDER BY price DESC, note, i) AS place,
        min(i) OVER (PARTITION BY s, auction) AS f FROM w)
      SELECT s, s + 200, auction, bidder, price, time, note, place FROM f WHERE place <= 3 ORDER BY s, f, place`),
  )
})

it('the latest of each key and window is a top row', async () => {
  const last = stream
    .keyBy('bidder', 'auction')
    .window(tumbling('1s'))
    .topRows(1, e => desc(e.time))
    .window(tumbling('1s'))
    .aggregate(r => ({ pairs: count(), high: max(r.price) }))
  const { rows } = await given(last)
  expect(rows.map(({ windowStart, pairs, high }) => [windowStart, pairs, high])).toEqual(
    await asked(`SELECT s, count(*)::DOUBLE, max(price) FROM (
        SELECT time // 1000 * 1000 AS s, price FROM bid
        QUALIFY row_number() OVER (PARTITION BY s, bidder, auction ORDER BY time DESC, i) = 1)
      GROUP BY s ORDER BY s`),
  )
})

it('windows of thousands of rows keep what smaller batches keep: few of all rows, or hundreds of some', async () => {
  const some = stream.filter(e => e.auction.mod(7).ne(3))
  const price = 'CASE WHEN auction % 5 = 0 THEN NULL ELSE price % 1000 END'
  const topOf = (from: typeof some, slide: number) =>
    from
      .window(hopping(600, slide))
      .topRows(300, e => [desc(ifElse(e.auction.mod(5).eq(0), null, e.price.mod(1_000))), asc(e.bidder)], {
        rank: 'place',
        ties: 'keep',
      })
  for (const [from, slide, where] of [
    [stream, 600, 'true'],
    [some, 600, 'auction % 7 <> 3'],
    [some, 250, 'auction % 7 <> 3'],
  ] as const)
    expect(values((await given(topOf(from as typeof some, slide))).rows)).toEqual(
      await asked(`WITH w AS (SELECT b.*, s.s FROM bid b, range(1436918398800, 1436918401000, 50) s(s)
          WHERE ${where} AND s.s % ${slide} = 0 AND time >= s.s AND time < s.s + 600),
        r AS (SELECT *, rank() OVER (PARTITION BY s ORDER BY ${price} DESC NULLS LAST, bidder) AS place FROM w)
        SELECT s, s + 600, auction, bidder, price, time, note, place FROM r
        WHERE place <= 300 ORDER BY s, place, i`),
    )
})

it('rows whose windows have all closed are counted, or go where late rows go', async () => {
  const row = (time: number, price: number): Row => ({ auction: 1, bidder: 1, price, time, note: '' })
  const input = [row(0, 1), row(150, 2), row(50, 9), row(90, 3), row(400, 4), row(110, 8)]
  const top = stream.window(hopping(100, 50)).topRows(1, e => desc(e.price))
  const { rows, late } = await given(top, input)
  expect(rows.map(({ windowStart, price }) => [windowStart, price])).toEqual([
    [-50, 1],
    [0, 1],
    [50, 9],
    [100, 2],
    [150, 2],
    [350, 4],
    [400, 4],
  ])
  expect(late).toBe(1)
  const sent = await given(
    stream.window(hopping(100, 50, { lateTo: 'late' })).topRows(1, e => desc(e.price)),
    input,
  )
  expect(sent.late).toBe(0)
  expect(sent.branches.get('late')!.map(({ time }) => time)).toEqual([110])
})

it('a step of top rows says how it runs, travels as data, and is refused where rows are not final', async () => {
  const top = stream
    .keyBy('auction')
    .window(tumbling('1s'))
    .topRows(10, e => desc(e.price), { rank: 'place' })
  const again = pipelineFromJSON(JSON.stringify(top))
  expect(again.plan).toEqual(top.plan)
  expect(top.explain()).toMatch(/window {6}tumbling 1s\nrows {8}price desc; by auction; the first 10 of each window/)
  expect(top.explain()).toMatch(/state: at most 10 rows per value of a window until it is complete/)
  const untyped = stream as unknown as { window(of: unknown): { topRows(n: number, order: unknown): unknown } }
  const topOf = (window: unknown) => () => untyped.window(window).topRows(1, (e: { price: never }) => desc(e.price))
  expect(topOf(session(100))).toThrow(/bounds are known beforehand/)
  expect(topOf(tumbling(1, { allowedLateness: 5 }))).toThrow(/final rows/)
  expect(topOf(tumbling(1, { emit: 'onUpdate' }))).toThrow(/final rows/)
  expect(topOf(tumbling(1, { early: { rows: 2 } }))).toThrow(/final rows/)
  const late = pipeline(stream.outputSchema).eventTime('time', { allowedLateness: 5 })
  expect(() => late.window(tumbling(1)).topRows(1, e => desc(e.price))).toThrow(/final rows/)
  expect(() => late.window(tumbling(1, { allowedLateness: 0 })).topRows(1, e => desc(e.price))).not.toThrow()
  const { nodes, ...plan } = stream.toJSON()
  const fine = {
    op: 'topRows',
    window: { kind: 'tumbling', sizeMs: 1, offsetMs: 0 },
    by: [],
    limit: 1,
    order: top.plan.nodes[1]!,
  }
  for (const parts of [{}, { order: [] }, { order: 1 }, { window: 1 }, { by: ['x'] }, { rank: 'note' }, { limit: -1 }])
    expect(() => pipelineFromJSON({ ...plan, nodes: [...nodes, { ...fine, ...parts }] })).toThrow(/./)
  const order = [{ expression: { kind: 'column', name: 'price' }, direction: 'asc' }]
  expect(() => pipelineFromJSON({ ...plan, nodes: [...nodes, { ...fine, order }] })).not.toThrow()
})
