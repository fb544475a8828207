import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import { ExactSum } from './exact-sum.ts'
import type { RunningAggregate } from './running-aggregate.ts'

/** The sum of f64 values, or their mean. */
export class SumAggregate implements RunningAggregate {
  readonly #isMean: boolean
  readonly #sum = new ExactSum()
  #count = 0

  constructor(isMean: boolean) {
    this.#isMean = isMean
  }

  add(value: unknown): void {
    this.#count++
    this.#sum.add(value as number)
  }

  remove(value: unknown): void {
    this.#count--
    this.#sum.remove(value as number)
  }

  value(): number | null {
    if (this.#count === 0) return null
    return this.#isMean ? this.#sum.value() / this.#count : this.#sum.value()
  }

  snapshot(writer: StateWriter): void {
    writer.f64(this.#count)
    this.#sum.snapshot(writer)
  }

  restore(reader: StateReader): void {
    this.#count = reader.amount()
    this.#sum.restore(reader)
  }
}
