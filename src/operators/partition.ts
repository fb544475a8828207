import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import { Compaction } from './compaction.ts'
import type { EvaluationContext, InputColumn } from './evaluator/evaluation-frame.ts'
import type { Operator } from './operator.ts'
import { ReusedBatch } from './reused-batch.ts'
import { type RowsOfShard, rowsOfShard, type Shard } from './rows-of-shard.ts'

/** Below this share of rows they are copied together; see FilterOperator. */
const COMPACT_BELOW = 1 / 4

/**
 * Lets through the rows whose key belongs to one shard. All replicas see all rows up to here, so that their watermarks
 * agree; behind it each sees the rows of its own keys only. A text goes by its characters, since codes change their meaning.
 */
export class PartitionOperator implements Operator {
  readonly name = 'partition'
  rowsIn = 0
  rowsOut = 0
  readonly #next: Operator
  readonly #rows: RowsOfShard
  readonly #compaction: Compaction
  readonly #output = new ReusedBatch()

  constructor(parts: {
    readonly keys: readonly string[]
    readonly shard: Shard
    readonly columns: readonly InputColumn[]
    readonly context: EvaluationContext
    readonly next: Operator
  }) {
    const { keys, columns, context } = parts
    this.#next = parts.next
    this.#rows = rowsOfShard(keys, parts.shard, columns, context)
    this.#compaction = new Compaction(
      columns,
      columns.map((_, i) => i),
      context,
    )
  }

  notes(): readonly string[] {
    return [`kernels ${this.#rows.kernels.join(', ')}`]
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    const count = this.#rows.select(batch)
    this.rowsOut += count
    const output = this.#output
    output.assign(batch)
    if (count < batch.selectedCount) {
      output.selection = this.#rows.selection
      output.selectedCount = count
      if (count < batch.length * COMPACT_BELOW) this.#compaction.apply(output)
    }
    // An empty batch goes on too: its watermarks may make windows fire that hold rows of this shard.
    return this.#next.process(output)
  }

  advanceWatermark(watermark: number): boolean {
    return this.#next.advanceWatermark(watermark)
  }

  nextFiring(): number {
    return this.#next.nextFiring()
  }

  resume(): boolean {
    return this.#next.resume()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#next.markCodes(dictionary, mark)
  }

  close(): void {
    this.#next.close()
    this.#compaction.close()
    this.#rows.close()
  }
}
