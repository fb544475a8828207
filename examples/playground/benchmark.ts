import type { ColumnBlock, ResultBatch } from 'eventflux'
import { type QueryName, queries, queryNames } from './queries.ts'
import { TradeMaker } from './trade-maker.ts'

const EVENTS = 1_000_000
const BLOCK_ROWS = 16_384
const ROUNDS = 5
const ENGINES = ['wasm', 'js'] as const

/** Millions of events a second, the median. */
export interface Comparison {
  readonly query: QueryName
  readonly wasm: number
  readonly js: number
}

/** Runs every query on both engines, in turns. @throws Error when their results differ. */
export async function compareEngines(tell: (text: string, done: readonly Comparison[]) => void): Promise<Comparison[]> {
  const blocks = makeBlocks()
  const done: Comparison[] = []
  for (const query of queryNames) {
    const times = { wasm: [] as number[], js: [] as number[] }
    for (let round = 0; round <= ROUNDS; round++) {
      tell(`${queries[query].title}: round ${Math.max(round, 1)} of ${ROUNDS}`, done)
      await new Promise(resolve => setTimeout(resolve, 0))
      const results = []
      for (const engine of ENGINES) {
        const { seconds, digest } = await runOnce(query, engine, blocks)
        results.push(digest)
        // The first round warms up.
        if (round > 0) times[engine].push(seconds)
      }
      if (results[0] !== results[1]) throw new Error(`${query}: the engines' results differ`)
    }
    done.push({ query, wasm: rateOf(times.wasm), js: rateOf(times.js) })
  }
  return done
}

function makeBlocks(): ColumnBlock[] {
  const blocks: ColumnBlock[] = []
  const start = Date.UTC(2026, 0, 1)
  for (let from = 0; from < EVENTS; from += BLOCK_ROWS) {
    const rows = Math.min(BLOCK_ROWS, EVENTS - from)
    // 50,000 events a second of the stream's own time: windows of a second have rows of every symbol.
    blocks.push(new TradeMaker(rows, from + 1).make(rows, start + from / 50, start + (from + rows) / 50))
  }
  return blocks
}

async function runOnce(query: QueryName, engine: 'wasm' | 'js', blocks: readonly ColumnBlock[]) {
  let rows = 0
  let sum = 0
  const onBatch = (batch: ResultBatch): void => {
    rows += batch.length
    const column = batch.column('windowEnd') as Float64Array
    for (let row = 0; row < batch.length; row++) sum += column[row]!
  }
  const job = await queries[query].make({ engine, metrics: false }).run({ onBatch })
  const start = performance.now()
  for (const block of blocks) await job.pushColumns(block)
  await job.drain()
  return { seconds: (performance.now() - start) / 1_000, digest: `${rows} rows, ${sum}` }
}

function rateOf(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b)
  return EVENTS / 1e6 / sorted[Math.floor(sorted.length / 2)]!
}
