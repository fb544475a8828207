import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { Operator } from '../operator.ts'
import type { WindowAggregateOperator } from './window-aggregate.ts'

/**
 * The second half of a window operator: takes in the records that several first halves give (`PartialWindowOperator`), and
 * has the windows fire whose records are all there.
 */
export class MergedWindowOperator implements Operator {
  readonly name: string
  readonly #window: WindowAggregateOperator
  readonly #memory: LinearMemory

  constructor(window: WindowAggregateOperator, memory: LinearMemory) {
    this.name = window.name
    this.#window = window
    this.#memory = memory
  }

  process(batch: RecordBatch): boolean {
    this.#window.takeIn(batch, this.#memory.f64[batch.columns[0]!.values >>> 3]!)
    return true
  }

  advanceWatermark(watermark: number): boolean {
    return this.#window.advanceWatermark(watermark)
  }

  nextFiring(): number {
    return this.#window.nextFiring()
  }

  resume(): boolean {
    return this.#window.resume()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#window.markCodes(dictionary, mark)
  }

  close(): void {
    this.#window.close()
  }
}
