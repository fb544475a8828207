import type { RecordBatch } from '../memory/record-batch.ts'
import type { EvaluationContext, InputColumn } from './evaluator/evaluation-frame.ts'
import { NarrowedBatch } from './narrowed-batch.ts'
import type { Operator } from './operator.ts'
import { PassingOperator } from './passing-operator.ts'
import { type RowsOfShard, rowsOfShard, type Shard } from './rows-of-shard.ts'

/**
 * Lets through the rows whose key belongs to one shard. All replicas see all rows up to here, so that their watermarks
 * agree; behind it each sees the rows of its own keys only. A text goes by its characters, since codes change their meaning.
 */
export class PartitionOperator extends PassingOperator {
  readonly name = 'partition'
  rowsIn = 0
  rowsOut = 0
  protected readonly next: Operator
  readonly #rows: RowsOfShard
  readonly #own: NarrowedBatch

  constructor(parts: {
    readonly keys: readonly string[]
    readonly shard: Shard
    readonly columns: readonly InputColumn[]
    readonly context: EvaluationContext
    readonly next: Operator
  }) {
    super()
    const { keys, columns, context } = parts
    this.next = parts.next
    this.#rows = rowsOfShard(keys, parts.shard, columns, context)
    this.#own = new NarrowedBatch(columns, context)
  }

  notes(): readonly string[] {
    return [`kernels ${this.#rows.kernels.join(', ')}`]
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    const count = this.#rows.select(batch)
    this.rowsOut += count
    if (count === batch.selectedCount) return this.next.process(batch)
    // An empty batch goes on too: its watermarks may make windows fire that hold rows of this shard.
    return this.next.process(this.#own.of(batch, this.#rows.selection, count))
  }

  override close(): void {
    super.close()
    this.#own.close()
    this.#rows.close()
  }
}
