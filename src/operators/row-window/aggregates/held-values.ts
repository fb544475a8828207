import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { ValueCodec } from '../value-codec.ts'
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

  snapshot(writer: StateWriter, codec: ValueCodec): void {
    writer.u32(this.#values.size)
    for (const { seq, value } of this.#values.values()) {
      writer.f64(seq)
      codec.write(writer, value)
    }
  }

  restore(reader: StateReader, codec: ValueCodec): void {
    for (let left = reader.count(8); left > 0; left--) {
      const seq = reader.integer()
      this.#values.set(seq, { seq, value: codec.read(reader) })
    }
  }
}
