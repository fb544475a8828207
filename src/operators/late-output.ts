import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { Operator } from './operator.ts'
import { ReusedBatch } from './reused-batch.ts'

/**
 * Stands before a window and keeps hold of the batch on its way through it, so that the window can send the rows it
 * doesn't take down a side branch as they came. The window waits for the branch as it waits for what is below it.
 */
export class LateOutput implements Operator {
  readonly name = 'late'
  readonly #main: Operator
  readonly #side: Operator
  readonly #late = new ReusedBatch()
  #batch: RecordBatch | undefined

  constructor(main: Operator, side: Operator) {
    this.#main = main
    this.#side = side
  }

  process(batch: RecordBatch): boolean {
    this.#batch = batch
    return this.#main.process(batch)
  }

  /** Sends rows of the batch being processed down the branch: `count` > 0 positions at `selection`. */
  send(selection: number, count: number): boolean {
    this.#late.assign(this.#batch!)
    this.#late.selection = selection
    this.#late.selectedCount = count
    return this.#side.process(this.#late)
  }

  advanceWatermark(watermark: number): boolean {
    const side = this.#side.advanceWatermark(watermark)
    return this.#main.advanceWatermark(watermark) && side
  }

  nextFiring(): number {
    return Math.min(this.#main.nextFiring(), this.#side.nextFiring())
  }

  resume(): boolean {
    return this.#side.resume() && this.#main.resume()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#side.markCodes(dictionary, mark)
    this.#main.markCodes(dictionary, mark)
  }

  close(): void {
    this.#side.close()
    this.#main.close()
  }
}
