import type { RunningAggregate } from './running-aggregate.ts'

/** The first or last of values none of which is ever taken out. */
export class EdgeValue implements RunningAggregate {
  readonly #edge: 'first' | 'last'
  #value: unknown = null

  constructor(edge: 'first' | 'last') {
    this.#edge = edge
  }

  add(value: unknown): void {
    if (this.#edge === 'last' || this.#value === null) this.#value = value
  }

  remove(): void {}

  value(): unknown {
    return this.#value
  }
}
