// A query of NEXMark, the benchmark of an auction site, over a stream that is drawn as it goes: what came out first, and how
// many bids a second the job took.
//
//   npm run nexmark -- q11
//   npm run nexmark -- q16 --events 10000000 --rate 1000 --engine js

import { parseArgs } from 'node:util'
import type { PipelineConfig } from 'eventflux'
import type { BidColumn } from './nexmark/bid.ts'
import { bidBlocks } from './nexmark/generator/bid-stream.ts'
import { queries } from './nexmark/queries/index.ts'
import { ResultTable } from './nexmark/result-table.ts'
import { runQuery } from './nexmark/run-query.ts'

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: 'string', default: '1000000' },
    /** Events a second of the stream's own time. */
    rate: { type: 'string', default: '10000' },
    engine: { type: 'string', default: 'auto' },
  },
})
const makeQuery = Object.entries(queries).find(([name]) => name === positionals[0])?.[1]
if (makeQuery === undefined) {
  console.error(`Name one of the queries: ${Object.keys(queries).join(', ')}`)
  process.exit(1)
}

const query = makeQuery({ engine: options.engine as NonNullable<PipelineConfig['engine']> })
const columns = query.plan.source.map(({ name }) => name as BidColumn)
const table = new ResultTable(query.outputSchema.fields, 10)
const stream = { events: Number(options.events), eventsPerSecond: Number(options.rate) }
const { engine, bids, results, seconds } = await runQuery(query, bidBlocks(columns, stream), table.take)

console.log(table.toString())
const number = (value: number) => Math.round(value).toLocaleString('en')
console.log(`${number(bids)} bids, ${number(results)} results, ${number(bids / seconds)} bids/s (${engine})`)
