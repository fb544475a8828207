import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import { overflow } from '../../../errors.ts'
import type { RunningAggregate } from './running-aggregate.ts'

/** The exact sum of i64 values. */
export class SumI64Aggregate implements RunningAggregate {
  #sum = 0n
  #count = 0

  add(value: unknown): void {
    this.#count++
    this.#sum += value as bigint
  }

  remove(value: unknown): void {
    this.#count--
    this.#sum -= value as bigint
  }

  /** @throws EventfluxError `OVERFLOW` when the sum leaves i64. */
  value(): bigint | null {
    if (this.#count === 0) return null
    if (BigInt.asIntN(64, this.#sum) === this.#sum) return this.#sum
    throw overflow(`a sum of i64 values left the type: ${this.#sum}`, { value: this.#sum })
  }

  snapshot(writer: StateWriter): void {
    writer.f64(this.#count)
    writer.value(this.#sum)
  }

  restore(reader: StateReader): void {
    this.#count = reader.amount()
    const sum = reader.value()
    this.#sum = typeof sum === 'bigint' ? sum : reader.refuse('a sum of bigints is none')
  }
}
