import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { ValueCodec } from '../value-codec.ts'
import type { Better } from './better.ts'
import type { RunningAggregate } from './running-aggregate.ts'

interface Entry {
  readonly value: unknown
  readonly seq: number
}

/**
 * The least or greatest of values that leave in any order: a heap that forgets removed values when they come to its top, or
 * when they are the greater part of it. Amortised O(log n). NaN is passed over unless there is nothing else.
 */
export class HeapExtreme implements RunningAggregate {
  readonly #isBetter: Better
  #heap: Entry[] = []
  readonly #removed = new Set<number>()
  #nan = 0

  constructor(isBetter: Better) {
    this.#isBetter = isBetter
  }

  add(value: unknown, seq: number): void {
    if (Number.isNaN(value)) this.#nan++
    else this.#push({ value, seq })
  }

  remove(value: unknown, seq: number): void {
    if (Number.isNaN(value)) {
      this.#nan--
      return
    }
    this.#removed.add(seq)
    while (this.#heap.length > 0 && this.#removed.delete(this.#heap[0]!.seq)) this.#pop()
    if (this.#removed.size > 16 + this.#heap.length / 2) this.#compact()
  }

  value(): unknown {
    const [first] = this.#heap
    if (first !== undefined) return first.value
    return this.#nan > 0 ? Number.NaN : null
  }

  snapshot(writer: StateWriter, codec: ValueCodec): void {
    const living = this.#heap.filter(({ seq }) => !this.#removed.has(seq))
    writer.f64(this.#nan)
    writer.u32(living.length)
    for (const { seq, value } of living) {
      writer.f64(seq)
      codec.write(writer, value)
    }
  }

  restore(reader: StateReader, codec: ValueCodec): void {
    this.#nan = reader.amount()
    for (let left = reader.count(8); left > 0; left--) {
      const seq = reader.integer()
      this.#push({ seq, value: codec.read(reader) })
    }
  }

  #compact(): void {
    const living = this.#heap.filter(({ seq }) => !this.#removed.has(seq))
    this.#removed.clear()
    this.#heap = []
    for (const entry of living) this.#push(entry)
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let i = heap.push(entry) - 1
    while (i > 0) {
      const parent = (i - 1) >>> 1
      if (!this.#isBetter(entry.value, heap[parent]!.value)) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#isBetter(heap[child + 1]!.value, heap[child]!.value)) child++
      if (!this.#isBetter(heap[child]!.value, last.value)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
  }
}
