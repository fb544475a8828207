import type { BidColumn } from '../../examples/nexmark/bid.ts'
import { bids as bidStream } from '../../examples/nexmark/bid.ts'
import { queries } from '../../examples/nexmark/queries/index.ts'
import type { BatchResult, PipelineConfig, ResultBatch } from '../../src/index.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { group } from '../harness/group.ts'
import { compareInRounds } from '../harness/rounds.ts'
import { blocksOf, makeBids } from './nexmark/bid-columns.ts'
import * as keyed from './nexmark/keyed-loops.ts'
import * as loops from './nexmark/loops.ts'
import { type Consumer, Digest, type Results, Tally } from './nexmark/results.ts'
import * as texts from './nexmark/text-loops.ts'

const NUMBERS: readonly BidColumn[] = ['auction', 'bidder', 'price', 'dateTime']

/** A query as the job it starts: whatever its columns are, blocks go in and batches come out. */
interface Query {
  run(options: { readonly onBatch: (batch: ResultBatch) => void; readonly clock?: VirtualClock }): Promise<{
    pushColumns(block: never): BatchResult | Promise<BatchResult>
    flush(): Promise<void>
    drain(): Promise<unknown>
  }>
  readonly plan: { readonly source: readonly { readonly name: string }[] }
}

interface Case {
  readonly name: string
  readonly what: string
  readonly query: (config: PipelineConfig) => Query
  readonly loop: loops.Loop
  /** In million events a second. */
  readonly atLeast?: number
  readonly eventsPerSecond?: number
  readonly events?: number
  /** How far the job's clock moves on from block to block; each is through before it does. */
  readonly blockMs?: number
}

const CASES: readonly Case[] = [
  // Without the bids' text: a string of its own for each bid is a matter of strings, not of queries.
  { name: 'q0', what: 'pass through', query: c => bidStream(NUMBERS, c) as never, loop: loops.q0, atLeast: 60 },
  {
    name: 'q1',
    what: 'currency conversion',
    query: c =>
      bidStream(['auction', 'bidder', 'price', 'dateTime'], c).project(e => ({
        auction: e.auction,
        bidder: e.bidder,
        price: e.price.mul(908).div(1_000),
        dateTime: e.dateTime,
      })) as never,
    loop: loops.q1,
    atLeast: 60,
  },
  { ...plain('q2', 'selection'), loop: loops.q2, atLeast: 60 },
  { ...plain('q5', 'hot items of 10 s, every 2 s'), loop: loops.q5, atLeast: 20 },
  { ...plain('q7', 'highest bids of 10 s'), loop: loops.q7, atLeast: 40 },
  { ...plain('q11', 'sessions by bidder'), loop: loops.q11, atLeast: 15 },
  {
    ...plain('q12', 'bids by bidder in 10 s of the clock'),
    loop: keyed.q12,
    atLeast: 40,
    blockMs: keyed.BLOCK_MS,
  },
  {
    ...plain('q14', 'prices, times of day and letters, with a function of one’s own'),
    loop: texts.q14,
    events: 1_000_000,
  },
  { ...plain('q15', 'distinct bidders and auctions by rank'), loop: loops.q15, atLeast: 10 },
  { ...plain('q16', 'the same by channel'), loop: keyed.q16, eventsPerSecond: 20 },
  { ...plain('q17', 'prices by auction and day'), loop: loops.q17, atLeast: 40, eventsPerSecond: 20 },
  { ...plain('q18', 'last bids of a bidder on an auction'), loop: keyed.q18 },
  { ...plain('q19', 'ten highest bids of an auction'), loop: keyed.q19 },
  { ...plain('q21', 'channel ids from names and urls'), loop: texts.q21 },
  { ...plain('q22', 'directories of urls'), loop: texts.q22 },
]

function plain(name: keyof typeof queries, what: string): Pick<Case, 'name' | 'what' | 'query'> {
  return { name, what, query: queries[name] as never }
}

function columnsOf(batch: ResultBatch): Results {
  const { names, length } = batch
  const columns = names.map(name => batch.column(name) as Float64Array)
  return { length, columns, text: (column, row) => textOf(batch, names[column]!, row) }
}

function textOf(batch: ResultBatch, name: string, row: number): string | null | undefined {
  return TEXTS.has(name) ? batch.text(name, row) : undefined
}

const TEXTS: ReadonlySet<string> = new Set([
  ...['channel', 'channelId', 'bidTimeType', 'extra'],
  ...['dir1', 'dir2', 'dir3'],
])

for (const each of CASES) {
  const { name, what, query, loop, atLeast, eventsPerSecond = 10_000, events = 5_000_000, blockMs } = each
  group(name, `${what}; columns of bids in, one thread`, async ({ quick, record }) => {
    const bids = makeBids(quick ? 200_000 : events, eventsPerSecond, name === 'q14')
    const blocks = blocksOf(
      bids,
      query({}).plan.source.map(({ name: column }) => column as BidColumn),
    )
    const start = async (consume: Consumer) => {
      const clock = blockMs === undefined ? undefined : new VirtualClock(0)
      const onBatch = (batch: ResultBatch): void => consume(columnsOf(batch))
      const job = await query({ engine: 'wasm', metrics: false }).run({ onBatch, ...(clock && { clock }) })
      return async (): Promise<void> => {
        for (const block of blocks) {
          let result = job.pushColumns(block as never)
          if (result !== true) result = await result
          if (result !== true) throw new Error(`Bids were refused: ${result.reason}`)
          if (clock === undefined) continue
          await job.flush()
          clock.advance(blockMs!)
        }
        await job.drain()
      }
    }

    const [wanted, found] = [new Digest(), new Digest()]
    loop(bids, wanted.take)
    await (await start(found.take))()
    wanted.checkSame(`eventflux, ${name}`, found)

    const contestants = [
      {
        name: 'eventflux',
        prepare: () => start(new Tally().take),
        ...(atLeast !== undefined && { targets: [{ of: 'value' as const, atLeast }] }),
      },
      { name: 'loop', prepare: () => () => loop(bids, new Tally().take) },
    ]
    const times = { warmups: quick ? 1 : 2, rounds: quick ? 3 : 9 }
    record(
      await compareInRounds({ contestants, baselines: ['loop'], amount: bids.rows / 1e6, unit: 'M bids/s', ...times }),
    )
  })
}
