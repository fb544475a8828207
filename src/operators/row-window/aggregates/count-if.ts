import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { RunningAggregate } from './running-aggregate.ts'

/** The values that are true. */
export class CountIfAggregate implements RunningAggregate {
  #count = 0

  add(value: unknown): void {
    if (value === true) this.#count++
  }

  remove(value: unknown): void {
    if (value === true) this.#count--
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
