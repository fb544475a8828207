import { describe, expect, it } from 'vitest'
import { decodeCheckpoint } from '../../src/checkpoint/decode-checkpoint.ts'
import { memoryStore } from '../../src/checkpoint/memory-store.ts'
import { count } from '../../src/expression/aggregates.ts'
import { desc } from '../../src/expression/ordering.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { timeBatch } from '../../src/time/window-kinds/time-batch.ts'
import { hopping } from '../../src/time/windows.ts'

const bids = schema({ time: timestamp(), auction: i32() })
const rows = Array.from({ length: 1_000 }, (_, i) => ({ time: i * 20, auction: i % 10 }))

/** Each step hands on to the next: what goes out of one comes into the other. */
function expectUnbroken(operators: readonly { name: string; numRecordsIn: number; numRecordsOut: number }[]): void {
  const out = operators.slice(0, -1).map(({ name, numRecordsOut }) => [name, numRecordsOut])
  expect(out).toEqual(operators.slice(1).map(({ numRecordsIn }, i) => [operators[i]!.name, numRecordsIn]))
}

describe.each(['basic', 'detailed'] as const)('the counts of operators, %s', metrics => {
  it('hold what the end of the input lets out', async () => {
    const results: unknown[] = []
    const job = await pipeline(bids, { metrics })
      .eventTime('time')
      .keyBy('auction')
      .window(hopping('10s', '2s'))
      .aggregate(() => ({ bids: count() }))
      .topN(3, r => desc(r.bids))
      .run({ sink: results })
    job.pushMany(rows)
    await job.flush()
    expectUnbroken(job.metrics().operators)
    await job.drain()
    const { operators } = job.metrics()
    expectUnbroken(operators)
    expect(operators.at(-1)!.numRecordsIn).toBe(results.length)
  })

  it('hold what the clock lets out', async () => {
    const clock = new VirtualClock(0)
    const results: unknown[] = []
    const job = await pipeline(bids, { metrics })
      .window(timeBatch('1s'))
      .aggregate(() => ({ bids: count() }))
      .run({ sink: results, clock })
    job.pushMany(rows)
    await job.flush()
    clock.advance(1_000)
    await job.flush()
    expect(results).toHaveLength(1)
    expectUnbroken(job.metrics().operators)
    await job.stop({ drain: false })
  })
})

describe('steps of one name', () => {
  const refuses = (auction: number) => (row: { readonly auction: number }) => {
    if (row.auction === auction) throw new Error('not this one')
    return true
  }

  it('are told apart in metrics and their edges, and stay what they are in checkpoints', async () => {
    const store = memoryStore()
    const start = () =>
      pipeline(bids)
        .filter(e => e.auction.ge(0))
        .mapRows(bids, row => row)
        .filter(e => e.auction.lt(5))
        .mapRows(bids, row => row)
        .tee('copy', copy => copy.filter(e => e.auction.eq(1)))
        .run({
          sink: { name: 'filter', write() {} },
          sinks: { copy: { name: 'mapRows', write() {} } },
          checkpoint: { store },
        })
    const job = await start()
    await job.pushMany(rows)
    await job.flush()
    const { operators, edges } = job.metrics()
    expect(operators.map(({ name, numRecordsIn }) => [name, numRecordsIn])).toEqual([
      ['filter', 1_000],
      ['mapRows', 1_000],
      ['filter-2', 1_000],
      ['mapRows-2', 500],
      ['filter-3', 500],
      ['filter-4', 500],
      ['mapRows-3', 100],
    ])
    expect(edges.map(({ name }) => name)).toEqual(['source→filter', 'filter-3→filter-4', 'filter-3→mapRows-3'])
    expect(job.explain()).toContain('filter-2: 1000 rows in, 500 out')
    const { id } = await job.checkpoint()
    const sections = decodeCheckpoint((await store.get(id))!).sections.map(({ name }) => name)
    expect(sections.filter(name => name.startsWith('operator/'))).toEqual([
      'operator/mapRows-1/mapRows',
      'operator/mapRows-2/mapRows',
    ])
    await job.stop()
  })

  it('have one policy, and what each of them fails on is counted', async () => {
    const job = await pipeline(bids)
      .filterRows(refuses(3))
      .filterRows(refuses(4))
      .run({ source: rows, sink: [], errors: { filterRows: 'skip' } })
    expect(await job.done).toMatchObject({ delivered: 1_000, failed: 200, skipped: 200 })
  })
})
