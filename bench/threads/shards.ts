// npm run shards -- [--events 32000000] [--only W1] [--by keys]
//
// Runs W1, NEXMark's q5 and q17 on one thread and dealt out to one, two and four workers, and prints millions of events a
// second, the ratio to one thread, the processor time of all threads a row, and how rows are dealt out. Measured is the last quarter of the rows:
// workers compile their kernels anew, and are slow until they have. Every run has to give the rows of one thread.

import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { count, f64, type JobMode, max, min, pipeline, schema, sum, timestamp, tumbling, utf8 } from 'eventflux'
import type { BidColumn } from '../../examples/nexmark/bid.ts'
import { bidBlocks } from '../../examples/nexmark/generator/bid-stream.ts'
import { q5 } from '../../examples/nexmark/queries/q5.ts'
import { q17 } from '../../examples/nexmark/queries/q17.ts'

const { values: options } = parseArgs({
  options: { events: { type: 'string', default: '32000000' }, only: { type: 'string' }, by: { type: 'string' } },
})
const EVENTS = Number(options.events)
/** This share of the rows is not measured. */
const WARM_UP = 0.75
const ROUNDS = 3
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
    const time = new Float64Array(BLOCK)
    const codes = new Int32Array(BLOCK)
    const value = new Float64Array(BLOCK)
    for (let row = 0, i = block * BLOCK; row < BLOCK; row++, i++) {
      time[row] = 1_700_000_000_000 + Math.floor(i / 100)
      codes[row] = (i * 7_919) % KEYS.length
      value[row] = ((i * 37) % 1_009) / 1_009
    }
    return { time, key: { codes, dictionary: KEYS }, value }
  })
}

/** Blocks of NEXMark's bids with the columns a query reads. */
function bidsOf({ plan }: ReturnType<typeof q5> | ReturnType<typeof q17>, eventsPerSecond: number): object[] {
  const columns = plan.source.map(({ name }) => name as BidColumn)
  // The generator uses its arrays again for the next block.
  return Array.from(bidBlocks(columns, { events: EVENTS, eventsPerSecond }), block =>
    Object.fromEntries(Object.entries(block).map(([name, values]) => [name, (values as Float64Array).slice()])),
  )
}

type Runnable = {
  run(options: object): Promise<{ pushColumns(block: object): unknown; drain(): Promise<{ accepted: number }> }>
}

interface Measured {
  /** Millions of rows a second, and the time of processors a row took. */
  readonly rate: number
  readonly cpuNs: number
  readonly results: number
  readonly mode: string
}

/** How rows got to workers. */
const distributionOf = ({ kind, distribution }: JobMode): string => distribution ?? kind

async function run(plan: Runnable, blocks: readonly object[], workers: number | undefined): Promise<Measured> {
  let results = 0
  const job = await plan.run({
    onBatch: (batch: { length: number }) => void (results += batch.length),
    ...(workers && { workers }),
    ...(options.by !== undefined && { distribution: options.by }),
  })
  const warm = Math.floor(blocks.length * WARM_UP)
  for (const block of blocks.slice(0, warm)) await job.pushColumns(block)
  const start = performance.now()
  const cpu = process.cpuUsage()
  for (const block of blocks.slice(warm)) await job.pushColumns(block)
  const { accepted } = await job.drain()
  const { user, system } = process.cpuUsage(cpu)
  const rows = accepted * (1 - warm / blocks.length)
  return {
    rate: rows / (performance.now() - start) / 1_000,
    cpuNs: ((user + system) * 1_000) / rows,
    results,
    mode: distributionOf((job as unknown as { mode: JobMode }).mode),
  }
}

console.log(`${cpus().length} processors, Node ${process.versions.node}`)
const hotItems = q5({ engine: 'wasm' })
const bidding = q17({ engine: 'wasm' })
const cases: readonly (readonly [string, Runnable, () => readonly object[]])[] = [
  ['W1', w1 as never, w1Blocks],
  ['q5', hotItems as never, () => bidsOf(hotItems, 10_000)],
  ['q17', bidding as never, () => bidsOf(bidding, 100)],
]
for (const [name, plan, blocksOf] of cases) {
  if (options.only !== undefined && options.only !== name) continue
  const blocks = blocksOf()
  const on = [undefined, 1, 2, 4] as const
  const measured = new Map<number | undefined, Measured[]>(on.map(workers => [workers, []]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const workers of on) measured.get(workers)!.push(await run(plan, blocks, workers))
  }
  const all = [...measured.values()].flat()
  if (new Set(all.map(({ results }) => results)).size > 1)
    throw new Error(`${name}: ${all.map(({ results, mode }) => `${results} results (${mode})`).join(', ')}`)
  const median = (runs: readonly Measured[], of: (run: Measured) => number): number =>
    runs.map(of).sort((a, b) => a - b)[Math.floor(runs.length / 2)]!
  const one = median(measured.get(undefined)!, ({ rate }) => rate)
  for (const [workers, runs] of measured) {
    const rate = median(runs, run => run.rate)
    console.log(
      `${name.padEnd(4)} ${workers === undefined ? 'one thread' : `${workers} workers`.padEnd(10)} ${rate.toFixed(1).padStart(6)} M/s ` +
        `${(rate / one).toFixed(2)}x ${median(runs, run => run.cpuNs)
          .toFixed(1)
          .padStart(6)} ns of processors a row (${runs[0]!.mode})`,
    )
  }
}
