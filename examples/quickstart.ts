// Real events through two pipelines, on the WebAssembly engine: the bids of an auction, and how often ten companies were
// mentioned on Twitter. Every window that comes out is compared with what DuckDB computed from the same files.
//
//   npm run quickstart
//   npm run quickstart -- --expected some/folder    compares with the files of another folder

import { readdirSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import {
  avg,
  count,
  durationMs,
  i32,
  max,
  min,
  type NumberExpression,
  pipeline,
  schema,
  sum,
  timestamp,
  tumbling,
  utf8,
  varianceSample,
} from 'eventflux'
import { csvFile } from 'eventflux/node'
import { readExpected } from './quickstart/expected-windows.ts'
import { printReport, printSummary } from './quickstart/report.ts'
import { runAndCompare } from './quickstart/run-and-compare.ts'
import { tickerFile, tickerOf } from './quickstart/ticker-file.ts'

const data = new URL('../test/data/', import.meta.url)
const { values: options } = parseArgs({ options: { expected: { type: 'string' } } })
const expected = options.expected ? pathToFileURL(`${options.expected}/`) : new URL('expected/', data)

// Expressions are values: both pipelines ask for the same six.
const statistics = (value: NumberExpression<false, 'row'>) => ({
  count: count(),
  sum: sum(value),
  min: min(value),
  max: max(value),
  mean: avg(value),
  variance: varianceSample(value),
})

// A schema names the columns that matter; others of the file (here: the auction) are passed over.
const bids = schema({ ts_ms: timestamp(), bidder: i32(), price: i32() })

const bidsPerSecond = pipeline(bids)
  .eventTime('ts_ms')
  .keyBy('bidder')
  .window(tumbling('1s'))
  .aggregate(e => statistics(e.price))

const mentions = schema({ timestamp: timestamp(), ticker: utf8(), value: i32() })

const mentionsPerHour = pipeline(mentions)
  // Ten files are read side by side, so one may get ahead of another by all of their two months: no row shall be late.
  .eventTime('timestamp', { outOfOrdernessMs: durationMs('90d') })
  .keyBy('ticker')
  .window(tumbling('1h'))
  .aggregate(e => statistics(e.value))

const tickerFiles = readdirSync(new URL('nab/', data))
  .filter(name => tickerOf(name) !== undefined)
  .map(name => new URL(`nab/${name}`, data))

const reports = [
  await runAndCompare({
    name: 'bids per bidder and second',
    pipeline: bidsPerSecond,
    files: [new URL('nexmark/bids.csv', data)],
    open: file => csvFile(file),
    keyOf: row => String(row.bidder),
    expected: await readExpected(new URL('bids_tumble_1s.csv', expected)),
  }),
  await runAndCompare({
    name: 'mentions per ticker and hour',
    pipeline: mentionsPerHour,
    files: tickerFiles,
    open: tickerFile,
    keyOf: row => row.ticker,
    expected: await readExpected(new URL('tweets_tumble_1h.csv', expected)),
  }),
]

for (const report of reports) printReport(report)
for (const report of reports) printSummary(report)
if (reports.some(report => report.differences.length > 0)) process.exitCode = 1
