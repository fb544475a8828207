import { describe, expect, it } from 'vitest'
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

  it('have one policy, and what each of them fails on is counted', async () => {
    const job = await pipeline(bids)
      .filterRows(refuses(3))
      .filterRows(refuses(4))
      .run({ source: rows, sink: [], errors: { filterRows: 'skip' } })
    expect(await job.done).toMatchObject({ delivered: 1_000, failed: 200, skipped: 200 })
  })
})
