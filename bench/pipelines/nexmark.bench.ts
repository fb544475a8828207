import type { BidColumn } from '../../examples/nexmark/bid.ts'
import { bids as bidStream } from '../../examples/nexmark/bid.ts'
import { q2 } from '../../examples/nexmark/queries/q2.ts'
import { q5 } from '../../examples/nexmark/queries/q5.ts'
import { q7 } from '../../examples/nexmark/queries/q7.ts'
import { q11 } from '../../examples/nexmark/queries/q11.ts'
import { q15 } from '../../examples/nexmark/queries/q15.ts'
import { q17 } from '../../examples/nexmark/queries/q17.ts'
import type { BatchResult, PipelineConfig, ResultBatch } from '../../src/index.ts'
import { group } from '../harness/group.ts'
import { compareInRounds } from '../harness/rounds.ts'
import { blocksOf, makeBids } from './nexmark/bid-columns.ts'
import * as loops from './nexmark/loops.ts'
import { type Consumer, Digest, Tally } from './nexmark/results.ts'

const NUMBERS: readonly BidColumn[] = ['auction', 'bidder', 'price', 'dateTime']

/** A query as the job it starts: whatever its columns are, blocks go in and batches come out. */
interface Query {
  run(options: { readonly onBatch: (batch: ResultBatch) => void }): Promise<{
    pushColumns(block: never): BatchResult | Promise<BatchResult>
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
  readonly atLeast: number
  readonly eventsPerSecond?: number
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
  { name: 'q2', what: 'selection', query: q2 as never, loop: loops.q2, atLeast: 60 },
  { name: 'q5', what: 'hot items of 10 s, every 2 s', query: q5 as never, loop: loops.q5, atLeast: 20 },
  { name: 'q7', what: 'highest bid of 10 s', query: q7 as never, loop: loops.q7, atLeast: 40 },
  { name: 'q11', what: 'sessions by bidder', query: q11 as never, loop: loops.q11, atLeast: 15 },
  { name: 'q15', what: 'distinct bidders and auctions by rank', query: q15 as never, loop: loops.q15, atLeast: 10 },
  {
    name: 'q17',
    what: 'prices by auction and day',
    query: q17 as never,
    loop: loops.q17,
    atLeast: 40,
    eventsPerSecond: 20,
  },
]

const batchesTo =
  (consume: Consumer) =>
  (batch: ResultBatch): void =>
    consume({ length: batch.length, columns: batch.names.map(name => batch.column(name) as Float64Array) })

for (const { name, what, query, loop, atLeast, eventsPerSecond = 10_000 } of CASES) {
  group(name, `${what}; columns of bids in, one thread`, async ({ quick, record }) => {
    const bids = makeBids(quick ? 200_000 : 5_000_000, eventsPerSecond)
    const start = (consume: Consumer) => query({ engine: 'wasm', metrics: false }).run({ onBatch: batchesTo(consume) })
    const blocks = blocksOf(
      bids,
      query({}).plan.source.map(({ name: column }) => column as BidColumn),
    )
    const push = async (job: Awaited<ReturnType<typeof start>>): Promise<void> => {
      for (const block of blocks) {
        let result = job.pushColumns(block as never)
        if (result !== true) result = await result
        if (result !== true) throw new Error(`Bids were refused: ${result.reason}`)
      }
      await job.drain()
    }

    const [wanted, found] = [new Digest(), new Digest()]
    loop(bids, wanted.take)
    await push(await start(found.take))
    wanted.checkSame(`eventflux, ${name}`, found)

    const contestants = [
      {
        name: 'eventflux',
        async prepare() {
          const job = await start(new Tally().take)
          return () => push(job)
        },
        targets: [{ of: 'value' as const, atLeast }],
      },
      { name: 'loop', prepare: () => () => loop(bids, new Tally().take) },
    ]
    const times = { warmups: quick ? 1 : 2, rounds: quick ? 3 : 9 }
    record(
      await compareInRounds({ contestants, baselines: ['loop'], amount: bids.rows / 1e6, unit: 'M bids/s', ...times }),
    )
  })
}
