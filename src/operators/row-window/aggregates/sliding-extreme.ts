import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { ValueCodec } from '../value-codec.ts'
import type { Better } from './better.ts'
import type { RunningAggregate } from './running-aggregate.ts'

/**
 * The least or greatest of values that leave in the order they came: a queue of those that can still become it.
 * Amortised O(1). NaN is passed over unless there is nothing else.
 */
export class SlidingExtreme implements RunningAggregate {
  readonly #isBetter: Better
  #values: unknown[] = []
  #seqs: number[] = []
  #head = 0
  #nan = 0

  constructor(isBetter: Better) {
    this.#isBetter = isBetter
  }

  add(value: unknown, seq: number): void {
    if (Number.isNaN(value)) {
      this.#nan++
      return
    }
    while (this.#values.length > this.#head && this.#isBetter(value, this.#values.at(-1))) {
      this.#values.pop()
      this.#seqs.pop()
    }
    this.#values.push(value)
    this.#seqs.push(seq)
  }

  remove(value: unknown, seq: number): void {
    if (Number.isNaN(value)) this.#nan--
    else if (this.#seqs[this.#head] === seq) this.#dropFirst()
  }

  value(): unknown {
    if (this.#head < this.#values.length) return this.#values[this.#head]
    return this.#nan > 0 ? Number.NaN : null
  }

  snapshot(writer: StateWriter, codec: ValueCodec): void {
    writer.f64(this.#nan)
    writer.u32(this.#values.length - this.#head)
    for (let i = this.#head; i < this.#values.length; i++) {
      writer.f64(this.#seqs[i]!)
      codec.write(writer, this.#values[i])
    }
  }

  restore(reader: StateReader, codec: ValueCodec): void {
    this.#nan = reader.amount()
    for (let left = reader.count(8); left > 0; left--) {
      this.#seqs.push(reader.integer())
      this.#values.push(codec.read(reader))
    }
  }

  #dropFirst(): void {
    this.#head++
    if (this.#head < 64 || this.#head * 2 < this.#values.length) return
    this.#values = this.#values.slice(this.#head)
    this.#seqs = this.#seqs.slice(this.#head)
    this.#head = 0
  }
}
