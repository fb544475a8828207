import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { ValueCodec } from '../value-codec.ts'
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

  snapshot(writer: StateWriter, codec: ValueCodec): void {
    writer.u32(this.#counts.size)
    for (const [value, count] of this.#counts) {
      writer.f64(count)
      codec.write(writer, value)
    }
  }

  restore(reader: StateReader, codec: ValueCodec): void {
    for (let left = reader.count(8); left > 0; left--) {
      const count = reader.amount()
      this.#counts.set(codec.read(reader), count)
    }
  }
}
