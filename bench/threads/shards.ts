// npm run shards -- [--events 4000000]
//
// Runs W1 and NEXMark's q17 on one thread and dealt out to one, two and four workers, and prints millions of events a second
// and the ratio to one thread. Every run has to give the rows of one thread.

import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { count, f64, max, min, pipeline, schema, sum, timestamp, tumbling, utf8 } from 'eventflux'
import type { BidColumn } from '../../examples/nexmark/bid.ts'
import { bidBlocks } from '../../examples/nexmark/generator/bid-stream.ts'
import { q17 } from '../../examples/nexmark/queries/q17.ts'

const { values: options } = parseArgs({ options: { events: { type: 'string', default: '4000000' } } })
const EVENTS = Number(options.events)
const BLOCK = 16_384
const KEYS = Array.from({ length: 1_000 }, (_, i) => `key ${i}`)

const trades = schema({ time: timestamp(), key: utf8(), value: f64() })
const w1 = pipeline(trades, { engine: 'wasm' })
  .eventTime('time')
  .filter(e => e.value.gt(0.1))
  .keyBy('key')
  .window(tumbling('1s'))
  .aggregate(e => ({ rows: count(), sum: sum(e.value), least: min(e.value), greatest: max(e.value) }))

/** Blocks of W1: 100 rows of each key in each second. */
function w1Blocks(): object[] {
  return Array.from({ length: Math.ceil(EVENTS / BLOCK) }, (_, block) => {
    const rows = Array.from({ length: BLOCK }, (_, i) => block * BLOCK + i)
    return {
      time: Float64Array.from(rows, i => 1_700_000_000_000 + Math.floor(i / 100)),
      key: { codes: Int32Array.from(rows, i => (i * 7_919) % KEYS.length), dictionary: KEYS },
      value: Float64Array.from(rows, i => ((i * 37) % 1_009) / 1_009),
    }
  })
}

const bids = q17({ engine: 'wasm' })
const q17Blocks = (): object[] => [
  ...bidBlocks(
    bids.plan.source.map(({ name }) => name as BidColumn),
    { events: EVENTS, eventsPerSecond: 100 },
  ),
]

type Runnable = {
  run(options: object): Promise<{ pushColumns(block: object): unknown; drain(): Promise<{ accepted: number }> }>
}

/** Millions of rows a second, and how many results there were. */
async function run(plan: Runnable, blocks: readonly object[], workers: number | undefined) {
  let results = 0
  const job = await plan.run({
    onBatch: (batch: { length: number }) => void (results += batch.length),
    ...(workers && { workers }),
  })
  const start = performance.now()
  for (const block of blocks) await job.pushColumns(block)
  const { accepted } = await job.drain()
  return { rate: accepted / (performance.now() - start) / 1_000, results }
}

console.log(`${cpus().length} processors, Node ${process.versions.node}`)
const cases: [string, Runnable, readonly object[]][] = [
  ['W1', w1 as never, w1Blocks()],
  ['q17', bids as never, q17Blocks()],
]
for (const [name, plan, blocks] of cases) {
  const expected = (await run(plan, blocks, undefined)).results
  let one = 0
  for (const workers of [undefined, 1, 2, 4]) {
    const rates: number[] = []
    for (let round = 0; round < 3; round++) {
      const { rate, results } = await run(plan, blocks, workers)
      if (results !== expected)
        throw new Error(`${name}: ${results} results on ${workers} workers, ${expected} on one thread`)
      rates.push(rate)
    }
    const best = Math.max(...rates)
    one ||= best
    console.log(
      `${name.padEnd(4)} ${workers ?? 'one thread'} ${workers ? 'workers' : ''}: ${best.toFixed(1)} M/s, ${(best / one).toFixed(2)}x`,
    )
  }
}
