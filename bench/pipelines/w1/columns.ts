import type { PipelineConfig } from '../../../src/index.ts'
import type { Contestant } from '../../harness/rounds.ts'
import type { ColumnLoop } from './column-loops.ts'
import { blocksOf, keepRows, pushBlocks, startJob, tallyBatches } from './engine-job.ts'
import type { EventColumns } from './events.ts'
import { checkSameRows, Tally, type WindowBatch, type WindowRow } from './window-rows.ts'

/** Rows of a pushed block. */
const BLOCK_ROWS = 16_384

/** A hand-written loop as a contestant. Its batches' keys are positions in the events' dictionary, or keys. */
export function loopContestant(
  name: string,
  loop: ColumnLoop,
  events: EventColumns,
  expected: readonly WindowRow[],
): Contestant {
  const kept: WindowRow[] = []
  loop(events, batch => keepBatch(batch, events.dictionary, kept))
  checkSameRows(name, kept, expected)
  return {
    name,
    prepare() {
      const tally = new Tally()
      return () => loop(events, ({ length, count }) => tally.take(length, count))
    },
  }
}

/** The engine fed with columns, as a contestant. */
export async function engineContestant(
  name: string,
  events: EventColumns,
  config: PipelineConfig,
  expected: readonly WindowRow[],
): Promise<Contestant> {
  const blocks = blocksOf(events, BLOCK_ROWS)
  const kept: WindowRow[] = []
  await pushBlocks(await startJob(events.kind, config, { onBatch: keepRows(events.kind, kept) }), blocks)
  checkSameRows(name, kept, expected)
  return {
    name,
    async prepare() {
      const job = await startJob(events.kind, config, { onBatch: tallyBatches(new Tally()) })
      return () => pushBlocks(job, blocks)
    },
  }
}

export function keepBatch(batch: WindowBatch, texts: readonly string[], rows: WindowRow[]): void {
  for (let i = 0; i < batch.length; i++) {
    const key = batch.key[i]!
    rows.push({
      windowStart: batch.windowStart[i]!,
      windowEnd: batch.windowEnd[i]!,
      key: texts.length > 0 ? texts[key]! : String(key),
      count: batch.count[i]!,
      sum: batch.sum[i]!,
      min: batch.min[i]!,
      max: batch.max[i]!,
    })
  }
}
