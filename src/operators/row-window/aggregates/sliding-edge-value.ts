import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { ValueCodec } from '../value-codec.ts'
import type { RunningAggregate } from './running-aggregate.ts'

interface Entry {
  readonly value: unknown
  readonly seq: number
}

/**
 * The first or last of values that come and go: the values in the order they came. Removed ones are forgotten when they come
 * to an end of it, or when they are the greater part. Amortised O(1).
 */
export class SlidingEdgeValue implements RunningAggregate {
  readonly #edge: 'first' | 'last'
  #entries: Entry[] = []
  #head = 0
  readonly #removed = new Set<number>()

  constructor(edge: 'first' | 'last') {
    this.#edge = edge
  }

  add(value: unknown, seq: number): void {
    this.#entries.push({ value, seq })
  }

  remove(_value: unknown, seq: number): void {
    this.#removed.add(seq)
    while (this.#length > 0 && this.#removed.delete(this.#entries[this.#head]!.seq)) this.#head++
    while (this.#length > 0 && this.#removed.delete(this.#entries.at(-1)!.seq)) this.#entries.pop()
    const dead = this.#head + this.#removed.size
    if (dead > 64 + this.#entries.length / 2) this.#compact()
  }

  value(): unknown {
    if (this.#length === 0) return null
    return (this.#edge === 'first' ? this.#entries[this.#head]! : this.#entries.at(-1)!).value
  }

  snapshot(writer: StateWriter, codec: ValueCodec): void {
    const living = this.#entries.slice(this.#head).filter(({ seq }) => !this.#removed.has(seq))
    writer.u32(living.length)
    for (const { seq, value } of living) {
      writer.f64(seq)
      codec.write(writer, value)
    }
  }

  restore(reader: StateReader, codec: ValueCodec): void {
    for (let left = reader.count(8); left > 0; left--) {
      const seq = reader.integer()
      this.#entries.push({ seq, value: codec.read(reader) })
    }
  }

  get #length(): number {
    return this.#entries.length - this.#head
  }

  #compact(): void {
    this.#entries = this.#entries.slice(this.#head).filter(({ seq }) => !this.#removed.has(seq))
    this.#head = 0
    this.#removed.clear()
  }
}
