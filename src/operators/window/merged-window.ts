import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import { PassingOperator } from '../passing-operator.ts'
import type { WindowAggregateOperator } from './window-aggregate.ts'

/**
 * The second half of a window operator: takes in the records that several first halves give (`PartialWindowOperator`), and
 * has the windows fire whose records are all there.
 */
export class MergedWindowOperator extends PassingOperator {
  readonly name: string
  protected readonly next: WindowAggregateOperator
  readonly #memory: LinearMemory

  constructor(window: WindowAggregateOperator, memory: LinearMemory) {
    super()
    this.name = window.name
    this.next = window
    this.#memory = memory
  }

  process(batch: RecordBatch): boolean {
    this.next.takeIn(batch, this.#memory.f64[batch.columns[0]!.values >>> 3]!)
    return true
  }
}
