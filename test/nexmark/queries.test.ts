import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kindOf } from '../../examples/nexmark/generator/bid-draws.ts'
import { bidRows } from '../../examples/nexmark/generator/bid-stream.ts'
import { queries } from '../../examples/nexmark/queries/index.ts'
import { q5 } from '../../examples/nexmark/queries/q5.ts'
import { q7 } from '../../examples/nexmark/queries/q7.ts'
import { q11 } from '../../examples/nexmark/queries/q11.ts'
import { q12 } from '../../examples/nexmark/queries/q12.ts'
import type { Pipeline } from '../../src/pipeline.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { BidTable } from './bid-table.ts'
import { SQL } from './queries-sql.ts'
import { latestRows, type QueryName, resultColumns, sortedRows } from './result-columns.ts'

/** All but the query whose results depend on the clock. */
const names = (Object.keys(queries) as QueryName[]).filter(name => name !== 'q12')
const EVENTS = 250_000

let table: BidTable
beforeAll(async () => {
  table = await BidTable.of(EVENTS)
}, 60_000)
afterAll(() => table.close())

describe('250,000 events', () => {
  it.each(names)('%s gives what DuckDB gives', async name => {
    const { sql, sortedBy = 0, latestBy = 0, eventsPerSecond = 10_000 } = SQL[name]
    const wanted = await table.columns(sql)
    const results = await resultColumns(name, {}, { events: EVENTS, eventsPerSecond })
    const found = sortedRows(latestBy > 0 ? latestRows(results, latestBy) : results, sortedBy)
    expect(found.map(({ length }) => length)).toEqual(wanted.map(({ length }) => length))
    expect(wanted[0]!.length).toBeGreaterThan(0)
    for (const [i, column] of found.entries())
      expect(firstDifference(column, wanted[i]!), `column ${i}`).toBe(undefined)
  })
})

describe('windows of the clock', () => {
  it.each(['wasm', 'js'] as const)(
    'q12 gives what DuckDB gives for the instants bids come at, engine %s',
    async engine => {
      const wanted = await table.columns(SQL.q12.sql)
      const clock = new VirtualClock(0)
      const rows: { windowTime: number; bidder: number; bids: number }[] = []
      const job = await q12({ engine }).run({ clock, sink: rows })
      const bidders = [...bidRows({ events: EVENTS })].map(({ bidder }) => bidder)
      for (let seq = 0; seq < bidders.length; seq += 1_000) {
        await job.pushColumns({ bidder: Int32Array.from(bidders.slice(seq, seq + 1_000)) })
        await job.flush()
        clock.advance(100)
      }
      clock.advance(10_000)
      await job.drain()
      const columns = (['windowTime', 'bidder', 'bids'] as const).map(name => rows.map(row => row[name]))
      expect(sortedRows(columns, 2)).toEqual(wanted)
    },
  )
})

describe('20,000 events', () => {
  it.each(names)('%s gives the same on either engine, in small batches too', async name => {
    const stream = { events: 20_000, eventsPerSecond: SQL[name].eventsPerSecond ?? 1_000 }
    const first = await resultColumns(name, { engine: 'wasm' }, stream)
    expect(first[0]!.length).toBeGreaterThan(0)
    expect(await resultColumns(name, { engine: 'js' }, stream)).toEqual(first)
    expect(await resultColumns(name, { engine: 'wasm', maxBatch: 7, bufferSize: 64 }, stream)).toEqual(first)
  })
})

/** The first row in which two columns differ, with both values. */
function firstDifference(a: readonly unknown[], b: readonly unknown[]): unknown {
  const row = a.findIndex((value, i) => value !== b[i])
  return row < 0 ? undefined : { row, found: a[row], wanted: b[row] }
}

describe('the counts Beam publishes for 100 generators of 1,000 events each', () => {
  /** An event every 100 ms of a generator's own; the generators' streams one behind the other, in ten seconds each. */
  async function results(name: QueryName): Promise<number> {
    let rows = 0
    for (let generator = 0; generator < 100; generator++) {
      const stream = { events: 1_000, firstEventId: generator * 1_000, eventsPerSecond: 100 }
      rows += (await resultColumns(name, {}, stream))[0]!.length
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
