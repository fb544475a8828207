import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { RunningAggregate } from './running-aggregate.ts'

/** The values there are. */
export class CountAggregate implements RunningAggregate {
  #count = 0

  add(): void {
    this.#count++
  }

  remove(): void {
    this.#count--
  }

  value(): number {
    return this.#count
  }

  snapshot(writer: StateWriter): void {
    writer.f64(this.#count)
  }

  restore(reader: StateReader): void {
    this.#count = reader.amount()
  }
}
