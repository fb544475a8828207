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
}
