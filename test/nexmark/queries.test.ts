import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BidColumn } from '../../examples/nexmark/bid.ts'
import { kindOf } from '../../examples/nexmark/generator/bid-draws.ts'
import { bidBlocks, bidRows } from '../../examples/nexmark/generator/bid-stream.ts'
import { queries } from '../../examples/nexmark/queries/index.ts'
import { q5 } from '../../examples/nexmark/queries/q5.ts'
import { q7 } from '../../examples/nexmark/queries/q7.ts'
import { q11 } from '../../examples/nexmark/queries/q11.ts'
import { q12 } from '../../examples/nexmark/queries/q12.ts'
import type { Pipeline } from '../../src/pipeline.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { bounded } from '../bounded.ts'
import { BidTable } from './bid-table.ts'
import { DrawnBids } from './drawn-bids.ts'
import { SQL } from './queries-sql.ts'
import { latestRows, type QueryName, resultColumns, sortedRows } from './result-columns.ts'

/** All but the query whose results depend on the clock. */
const names = (Object.keys(queries) as QueryName[]).filter(name => name !== 'q12')
/** At one a second more than two days. */
const EVENTS = bounded(200_000, 1_000_000)

let bids: DrawnBids
let table: BidTable
beforeAll(async () => {
  bids = new DrawnBids(EVENTS)
  table = await BidTable.of(bids, 10_000)
}, 120_000)
afterAll(() => table.close())

/** Expects of a query over bids what DuckDB says of the table of them. */
async function expectSame(name: QueryName, bids: DrawnBids, table: BidTable): Promise<void> {
  const { sql, sortedBy = 0, latestBy, eventsPerSecond = 10_000 } = SQL[name]
  const results = await resultColumns(name, {}, columns => bids.blocks(columns, eventsPerSecond))
  const found = sortedRows(latestBy === undefined ? results : latestRows(results, latestBy), sortedBy)
  expect(found[0]!.length).toBeGreaterThan(0)
  expect(await table.firstDifference(sql, found)).toBe(undefined)
}

describe('all events', () => {
  it.each(names)('%s gives what DuckDB gives', name => expectSame(name, bids, table))
})

describe('100,000 events of few prices', () => {
  it('give in q7 and q19 what DuckDB gives, and many a bid has the price of another', async () => {
    const bids = new DrawnBids(100_000)
    for (const [row, price] of bids.price.entries()) bids.price[row] = Math.min(price, 90_000_000)
    const table = await BidTable.of(bids, 10_000)
    const [[highest]] = (await table.columns('SELECT count(*) FROM bids WHERE price = 90000000')) as [[number]]
    expect(highest).toBeGreaterThan(500)
    for (const name of ['q7', 'q19'] as const) await expectSame(name, bids, table)
    table.close()
  })
})

describe('windows of the clock', () => {
  it.each(['wasm', 'js'] as const)(
    'q12 gives what DuckDB gives for the instants bids come at, engine %s',
    async engine => {
      const wanted = await table.columns(SQL.q12.sql)
      const clock = new VirtualClock(0)
      const rows: { windowStart: number; windowEnd: number; bidder: number; bids: number }[] = []
      const job = await q12({ engine }).run({ clock, sink: rows })
      for (const block of bids.blocks(['bidder'], 10_000, 1_000)) {
        await job.pushColumns(block as { bidder: Int32Array })
        await job.flush()
        clock.advance(100)
      }
      await job.drain()
      const names = ['windowStart', 'windowEnd', 'bidder', 'bids'] as const
      const columns = names.map(name => rows.map(row => row[name]))
      expect(sortedRows(columns, 3)).toEqual(wanted)
    },
  )
})

describe('20,000 events', () => {
  it.each(names)('%s gives the same on either engine, in small batches too', async name => {
    const options = { events: 20_000, eventsPerSecond: SQL[name].eventsPerSecond ?? 1_000 }
    const stream = (columns: readonly BidColumn[]) => bidBlocks(columns, options)
    const first = await resultColumns(name, { engine: 'wasm' }, stream)
    expect(first[0]!.length).toBeGreaterThan(0)
    expect(await resultColumns(name, { engine: 'js' }, stream)).toEqual(first)
    expect(await resultColumns(name, { engine: 'wasm', maxBatch: 7, bufferSize: 64 }, stream)).toEqual(first)
  })
})

describe('the counts Beam publishes for 100 generators of 1,000 events each', () => {
  /** An event every 100 ms of a generator's own; the generators' streams one behind the other, in ten seconds each. */
  async function results(name: QueryName): Promise<number> {
    let rows = 0
    for (let generator = 0; generator < 100; generator++) {
      const options = { events: 1_000, firstEventId: generator * 1_000, eventsPerSecond: 100 }
      rows += (await resultColumns(name, {}, columns => bidBlocks(columns, options)))[0]!.length
    }
    return rows
  }

  it.each([
    ['q1', 92_000],
    ['q2', 351],
  ] as const)('%s: %i', async (name, count) => {
    expect(await results(name)).toBe(count)
  })

  it.each([
    ['q5', 12, q5({}, '5s')],
    ['q7', 1, q7()],
    ['q11', 1_919, q11()],
  ] as const)('%s: %i', async (_, count, query) => {
    const blocks = Array.from({ length: 100 }, (_, generator) =>
      bidRows({ events: 1_000, firstEventId: generator * 1_000, eventsPerSecond: 100 }),
    )
    const bids = blocks.flatMap(rows => [...rows]).sort((a, b) => a.dateTime - b.dateTime)
    const rows: unknown[] = []
    const job = await (query as unknown as Pipeline).run({ sink: rows })
    await job.pushMany(bids)
    await job.drain()
    expect(rows).toHaveLength(count)
  })

  it('q0: 100,000 events, q12: 1,919 bidders', async () => {
    const kinds = Array.from({ length: 100_000 }, (_, id) => kindOf(id))
    expect(kinds.filter(kind => kind === 'bid')).toHaveLength(92_000)
    const clock = new VirtualClock(0)
    const rows: unknown[] = []
    const job = await q12().run({ clock, sink: rows })
    await job.pushMany([...bidRows({ events: 100_000 })])
    await job.drain()
    expect(rows).toHaveLength(1_919)
  })
})
