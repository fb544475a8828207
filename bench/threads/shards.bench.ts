import type { BidColumn } from '../../examples/nexmark/bid.ts'
import { bidBlocks } from '../../examples/nexmark/generator/bid-stream.ts'
import { q5 } from '../../examples/nexmark/queries/q5.ts'
import { q17 } from '../../examples/nexmark/queries/q17.ts'
import type { ColumnBlock, Job, ResultBatch } from '../../src/index.ts'
import { type TypeName, typeOf } from '../../src/schema/data-type.ts'
import { schemaFrom } from '../../src/schema/schema.ts'
import { check } from '../harness/check.ts'
import { group } from '../harness/group.ts'
import { type Contestant, compareInRounds, stopwatch, type Took } from '../harness/rounds.ts'
import { blocksOf, workload } from '../pipelines/w1/engine-job.ts'
import { makeEvents } from '../pipelines/w1/events.ts'

const EVENTS = 16_000_000
const BLOCK_ROWS = 16_384
/**
 * A job goes over its blocks again and again, their times moved on; the last laps are measured. Workers compile their kernels
 * anew, and have done so after a hundred million rows: a matter of a second for a stream that runs for days.
 */
const WARM_LAPS = 9
const LAPS = 12

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

type Running = Pick<Job, 'mode' | 'lendableColumns' | 'lendColumns' | 'flush' | 'drain'>

interface Runnable {
  readonly plan: {
    readonly source: readonly { readonly name: string; readonly type: TypeName; readonly nullable: boolean }[]
  }
  run(options: Omit<Threads, 'name'> & { readonly onBatch: (batch: ResultBatch) => void }): Promise<Running>
}

/** Blocks in the order of their times, and how long they span. */
interface Stream {
  readonly blocks: readonly ColumnBlock[]
  readonly time: string
  readonly spanMs: number
}

function streamOf(blocks: readonly ColumnBlock[], time: string): Stream {
  const times = (block: ColumnBlock) => block[time] as Float64Array
  return { blocks, time, spanMs: times(blocks.at(-1)!).at(-1)! - times(blocks[0]!)[0]! + 1 }
}

function moveOn({ blocks, time }: Stream, ms: number): void {
  for (const block of blocks) {
    const times = block[time] as Float64Array
    for (let i = 0; i < times.length; i++) times[i]! += ms
  }
}

type Numbers = Float64Array | Int32Array

/** The stream in columns that the job can be lent: where it copies what it is given, these are ordinary ones. */
function lendable({ blocks, time, spanMs }: Stream, { plan }: Runnable, job: Running): Stream {
  const source = schemaFrom(plan.source.map(({ name, type, nullable }) => [name, typeOf(type, nullable)]))
  const columns = job.lendableColumns(source, { rows: BLOCK_ROWS, blocks: blocks.length })
  const copied = (from: Numbers, to: Numbers): Numbers => {
    const part = to.subarray(0, from.length)
    part.set(from)
    return part
  }
  const lent = blocks.map((block, i) =>
    Object.fromEntries(
      Object.entries(block).map(([name, given]) => {
        const to = columns[i]![name] as Numbers
        if (!(given instanceof Object && 'codes' in given)) return [name, copied(given as Numbers, to)]
        return [name, { ...given, codes: copied(given.codes as Numbers, to) }]
      }),
    ),
  )
  return { blocks: lent as unknown as ColumnBlock[], time, spanMs }
}

/** Lends the stream to a job of its own, lap by lap. Returns what its last laps took, and how many results there were. */
async function run(plan: Runnable, given: Stream, { name, ...threads }: Threads) {
  let results = 0
  const job = await plan.run({
    onBatch: batch => {
      results += batch.length
    },
    ...threads,
  })
  const stream = lendable(given, plan, job)
  let [seconds, cpuSeconds] = [0, 0]
  for (let lap = 0; lap < LAPS; lap++) {
    const stop = stopwatch()
    for (const block of stream.blocks) await job.lendColumns(block)
    await job.flush()
    const took = stop()
    if (lap >= WARM_LAPS) {
      seconds += took.seconds
      cpuSeconds += took.cpuSeconds
    }
    moveOn(stream, stream.spanMs)
  }
  await job.drain()
  const took: Took = { seconds, cpuSeconds }
  return { took, results, mode: job.mode }
}

/** One thread against workers, over the same blocks. */
function shards(name: string, description: string, make: (events: number) => readonly [Runnable, Stream]) {
  group(name, description, async ({ quick, record }) => {
    const [plan, stream] = make(quick ? EVENTS / 64 : EVENTS)
    const rows = stream.blocks.reduce((sum, block) => sum + (block[stream.time] as Float64Array).length, 0)
    const { results: expected } = await run(plan, stream, ONE_THREAD)
    const contestants: Contestant[] = []
    for (const threads of THREADS) {
      const { results, mode } = await run(plan, stream, threads)
      check(results === expected, `${results} results, not ${expected}`)
      contestants.push({
        name: threads.name,
        prepare: () => async () => (await run(plan, stream, threads)).took,
        ...(threads === TWO_WORKERS && { targets: [{ of: 'ratio', atLeast: 1.7 }] }),
        ...(threads !== ONE_THREAD && { note: mode.distribution ?? mode.kind }),
      })
    }
    const rounds = { warmups: 0, rounds: quick ? 1 : 3 }
    const baselines = [ONE_THREAD.name]
    const amount = ((LAPS - WARM_LAPS) * rows) / 1e6
    record(await compareInRounds({ contestants, baselines, amount, unit: 'M events/s', ...rounds }))
  })
}

shards('w1', 'W1, columns in, utf8 keys, dense', events => [
  workload('utf8', { engine: 'wasm' }) as unknown as Runnable,
  streamOf(blocksOf(makeEvents(events, 'utf8', 'dense'), BLOCK_ROWS) as unknown as ColumnBlock[], 'time'),
])

/** Blocks of bids with the columns a query reads. */
function bidsOf({ plan }: ReturnType<typeof q5> | ReturnType<typeof q17>, events: number, eventsPerSecond: number) {
  const columns = plan.source.map(({ name }) => name as BidColumn)
  // The generator uses its arrays again for the next block.
  return Array.from(bidBlocks(columns, { events, eventsPerSecond }), block =>
    Object.fromEntries(Object.entries(block).map(([name, values]) => [name, (values as Float64Array).slice()])),
  ) as unknown as ColumnBlock[]
}

shards('q5', "NEXMark's q5: hot items of 10 s, every 2 s", events => {
  const plan = q5({ engine: 'wasm' })
  return [plan as unknown as Runnable, streamOf(bidsOf(plan, events, 10_000), 'dateTime')]
})

shards('q17', "NEXMark's q17: prices by auction and day", events => {
  const plan = q17({ engine: 'wasm' })
  return [plan as unknown as Runnable, streamOf(bidsOf(plan, events, 100), 'dateTime')]
})
