import type { RunningAggregate } from './running-aggregate.ts'

/** How many different values there are: how often each is there. NaN is one of them, and -0 is 0. */
export class DistinctAggregate implements RunningAggregate {
  readonly #counts = new Map<unknown, number>()

  add(value: unknown): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1)
  }

  remove(value: unknown): void {
    const count = this.#counts.get(value)! - 1
    if (count === 0) this.#counts.delete(value)
    else this.#counts.set(value, count)
  }

  value(): number {
    return this.#counts.size
  }
}
