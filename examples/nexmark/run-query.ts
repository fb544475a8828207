import type { ColumnBlock, Job, ResultBatch, RunOptions } from 'eventflux'

/** What a run of a query came to. */
export interface Outcome {
  readonly engine: string
  readonly bids: number
  readonly results: number
  /** Spent in the job; what it takes to draw the bids is not counted. */
  readonly seconds: number
}

/** A pipeline, whatever its columns are. */
interface Query {
  run(
    options: Pick<RunOptions<never, never>, 'onBatch' | 'clock'>,
  ): Promise<Pick<Job<never, never>, 'engine' | 'pushColumns' | 'flush' | 'drain'>>
}

/** Runs a query over blocks of bids, to their end. */
export async function runQuery(
  query: Query,
  blocks: Iterable<ColumnBlock>,
  onBatch: (batch: ResultBatch) => void = () => {},
): Promise<Outcome> {
  let results = 0
  let milliseconds = 0
  const job = await query.run({
    onBatch(batch) {
      results += batch.length
      onBatch(batch)
    },
  })
  for (const block of blocks) {
    const start = performance.now()
    const result = await job.pushColumns(block)
    await job.flush()
    milliseconds += performance.now() - start
    if (result !== true) throw new Error(`Bids were refused: ${result.reason}`)
  }
  const start = performance.now()
  const { delivered } = await job.drain()
  milliseconds += performance.now() - start
  return { engine: job.engine, bids: delivered, results, seconds: milliseconds / 1_000 }
}
