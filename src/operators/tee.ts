import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { Operator } from './operator.ts'

/**
 * Sends every batch two ways. Backpressure of either branch holds both: the batch stays until each is through with it.
 */
export class TeeOperator implements Operator {
  readonly name = 'tee'
  readonly #main: Operator
  readonly #side: Operator

  constructor(main: Operator, side: Operator) {
    this.#main = main
    this.#side = side
  }

  process(batch: RecordBatch): boolean {
    const side = this.#side.process(batch)
    return this.#main.process(batch) && side
  }

  advanceWatermark(watermark: number): boolean {
    const side = this.#side.advanceWatermark(watermark)
    return this.#main.advanceWatermark(watermark) && side
  }

  nextFiring(): number {
    return Math.min(this.#main.nextFiring(), this.#side.nextFiring())
  }

  resume(): boolean {
    const side = this.#side.resume()
    return this.#main.resume() && side
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
