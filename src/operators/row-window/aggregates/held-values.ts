import type { RunningAggregate } from './running-aggregate.ts'

/** A value and the row it is of. */
export interface HeldValue {
  readonly value: unknown
  readonly seq: number
}

/** An aggregate that can't be told what has left: holds the values and computes anew when it is asked. O(n) a result. */
export class HeldValues implements RunningAggregate {
  readonly #compute: (values: Iterable<HeldValue>) => unknown
  /** In the order they came, by the numbers of their rows. */
  readonly #values = new Map<number, HeldValue>()

  /** @param compute The result over values in the order they came; there may be none. */
  constructor(compute: (values: Iterable<HeldValue>) => unknown) {
    this.#compute = compute
  }

  add(value: unknown, seq: number): void {
    this.#values.set(seq, { value, seq })
  }

  remove(_value: unknown, seq: number): void {
    this.#values.delete(seq)
  }

  value(): unknown {
    return this.#compute(this.#values.values())
  }
}
