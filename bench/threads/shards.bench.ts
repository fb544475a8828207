import type { BidColumn } from '../../examples/nexmark/bid.ts'
import { bidBlocks } from '../../examples/nexmark/generator/bid-stream.ts'
import { q5 } from '../../examples/nexmark/queries/q5.ts'
import { q17 } from '../../examples/nexmark/queries/q17.ts'
import type { BatchResult, ColumnBlock, JobMode, ResultBatch } from '../../src/index.ts'
import { check } from '../harness/check.ts'
import { group } from '../harness/group.ts'
import { type Contestant, compareInRounds, stopwatch, type Took } from '../harness/rounds.ts'
import { blocksOf, workload } from '../pipelines/w1/engine-job.ts'
import { makeEvents } from '../pipelines/w1/events.ts'

const BLOCK_ROWS = 16_384
/** This share of the rows comes first and is not measured: workers compile their kernels anew, and are slow until they have. */
const WARM_UP = 0.5

interface Threads {
  readonly name: string
  readonly workers?: number
  readonly distribution?: 'keys'
}
const ONE_THREAD: Threads = { name: 'one thread' }
const TWO_WORKERS: Threads = { name: '2 workers', workers: 2 }
const THREADS: readonly Threads[] = [
  ONE_THREAD,
  { name: '1 worker', workers: 1 },
  TWO_WORKERS,
  { name: '2 workers, asked for keys', workers: 2, distribution: 'keys' },
  { name: '4 workers', workers: 4 },
]

interface Runnable {
  run(options: Omit<Threads, 'name'> & { readonly onBatch: (batch: ResultBatch) => void }): Promise<{
    readonly mode: JobMode
    pushColumns(block: ColumnBlock): BatchResult | Promise<BatchResult>
    flush(): Promise<void>
    drain(): Promise<unknown>
  }>
}

/** Pushes all blocks through a job of its own. Returns what the last of them took, and how many results there were. */
async function run(plan: Runnable, blocks: readonly ColumnBlock[], { name, ...threads }: Threads) {
  let results = 0
  const job = await plan.run({
    onBatch: batch => {
      results += batch.length
    },
    ...threads,
  })
  const warm = Math.floor(blocks.length * WARM_UP)
  for (const block of blocks.slice(0, warm)) await job.pushColumns(block)
  const stop = stopwatch()
  for (const block of blocks.slice(warm)) await job.pushColumns(block)
  // All rows are through; that threads end takes as long however many there were.
  await job.flush()
  const took: Took = stop()
  await job.drain()
  return { took, results, mode: job.mode }
}

/** One thread against workers, over the same blocks. */
function shards(
  name: string,
  description: string,
  events: number,
  make: (events: number) => [Runnable, ColumnBlock[]],
) {
  group(name, description, async ({ quick, record }) => {
    const all = quick ? events / 64 : events
    const [plan, blocks] = make(all)
    const rows = (1 - Math.floor(blocks.length * WARM_UP) / blocks.length) * all
    const { results: expected } = await run(plan, blocks, ONE_THREAD)
    const contestants: Contestant[] = []
    for (const threads of THREADS) {
      const { results, mode } = await run(plan, blocks, threads)
      check(results === expected, `${results} results, not ${expected}`)
      contestants.push({
        name: threads.name,
        prepare: () => async () => (await run(plan, blocks, threads)).took,
        ...(threads === TWO_WORKERS && { targets: [{ of: 'ratio', atLeast: 1.7 }] }),
        ...(threads !== ONE_THREAD && { note: mode.distribution ?? mode.kind }),
      })
    }
    const rounds = { warmups: 0, rounds: quick ? 1 : 5 }
    const baselines = [ONE_THREAD.name]
    record(await compareInRounds({ contestants, baselines, amount: rows / 1e6, unit: 'M events/s', ...rounds }))
  })
}

shards('w1', 'W1, columns in, utf8 keys, dense', 32_000_000, events => [
  workload('utf8', { engine: 'wasm' }) as unknown as Runnable,
  blocksOf(makeEvents(events, 'utf8', 'dense'), BLOCK_ROWS) as unknown as ColumnBlock[],
])

/** Blocks of bids with the columns a query reads. */
function bidsOf({ plan }: ReturnType<typeof q5> | ReturnType<typeof q17>, events: number, eventsPerSecond: number) {
  const columns = plan.source.map(({ name }) => name as BidColumn)
  // The generator uses its arrays again for the next block.
  return Array.from(bidBlocks(columns, { events, eventsPerSecond }), block =>
    Object.fromEntries(Object.entries(block).map(([name, values]) => [name, (values as Float64Array).slice()])),
  ) as unknown as ColumnBlock[]
}

shards('q5', "NEXMark's q5: hot items of 10 s, every 2 s", 32_000_000, events => {
  const plan = q5({ engine: 'wasm' })
  return [plan as unknown as Runnable, bidsOf(plan, events, 10_000)]
})

shards('q17', "NEXMark's q17: prices by auction and day", 32_000_000, events => {
  const plan = q17({ engine: 'wasm' })
  return [plan as unknown as Runnable, bidsOf(plan, events, 100)]
})
