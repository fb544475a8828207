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
}
