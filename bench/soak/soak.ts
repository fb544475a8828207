// npm run soak -- q11 [--events 1000000000] [--rate 10000]
//
// Runs one query of NEXMark over a long stream and prints what memory it takes as it goes. Fails when that isn't flat.

import { parseArgs } from 'node:util'
import type { BidColumn } from '../../examples/nexmark/bid.ts'
import { bidBlocks } from '../../examples/nexmark/generator/bid-stream.ts'
import { queries } from '../../examples/nexmark/queries/index.ts'
import { MemoryCurve } from './memory-curve.ts'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: 'string', default: '1000000000' },
    /** Events a second of the stream's own time; by default such that its days and sessions come and go. */
    rate: { type: 'string' },
  },
})
const RATES: Readonly<Record<string, number>> = { q17: 100 }
const [name = 'q11'] = positionals
const makeQuery = Object.entries(queries).find(([each]) => each === name)?.[1]
if (makeQuery === undefined) throw new Error(`Name one of the queries: ${Object.keys(queries).join(', ')}`)
const events = Number(options.events)
const eventsPerSecond = Number(options.rate ?? RATES[name] ?? 10_000)

const curve = new MemoryCurve()
const query = makeQuery({ engine: 'wasm' })
let results = 0
const job = await query.run({
  onBatch(batch: { readonly length: number }) {
    results += batch.length
  },
} as never)
const columns = query.plan.source.map(({ name: column }) => column as BidColumn)
console.log(`${name}: ${events.toLocaleString('en')} events, ${eventsPerSecond} a second`)
const start = performance.now()
let bids = 0
let nextSample = 0
for (const block of bidBlocks(columns, { events, eventsPerSecond })) {
  const result = await job.pushColumns(block)
  if (result !== true) throw new Error(`Bids were refused: ${result.reason}`)
  await job.flush()
  bids += (Object.values(block)[0] as Int32Array).length
  if (bids >= nextSample) {
    curve.sample(bids, results)
    nextSample += (events * 0.92) / 20
  }
}
curve.sample(bids, results)
await job.drain()
const seconds = (performance.now() - start) / 1_000
console.log(
  `${Math.round(bids / seconds).toLocaleString('en')} bids/s with drawing them, ${results.toLocaleString('en')} results`,
)
const growth = curve.growth()
for (const line of growth) console.error(`NOT FLAT  ${line}`)
if (growth.length > 0) process.exitCode = 1
