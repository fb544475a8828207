import { eventInvalid } from '../../errors.ts'
import { type EventStore, type EventStoreMaker, slotsFor } from './event-store.ts'

/** A ring of any values but `undefined`, by reference. The cursors count up and wrap at 2^32. */
class ValueStore<T> implements EventStore<T, T> {
  readonly capacity: number
  readonly #slots: (T | undefined)[]
  readonly #mask: number
  #head = 0
  #tail = 0

  constructor(capacity: number) {
    const slots = slotsFor(capacity)
    this.capacity = capacity
    this.#slots = new Array<T | undefined>(slots).fill(undefined)
    this.#mask = slots - 1
  }

  get length(): number {
    return (this.#tail - this.#head) | 0
  }

  push(event: T): boolean {
    if (event === undefined) throw eventInvalid('undefined is no event: it is what an empty queue answers')
    const tail = this.#tail
    if (((tail - this.#head) | 0) === this.capacity) return false
    this.#slots[tail & this.#mask] = event
    this.#tail = (tail + 1) | 0
    return true
  }

  pop(): T | undefined {
    const head = this.#head
    if (head === this.#tail) return undefined
    const slot = head & this.#mask
    const event = this.#slots[slot]
    this.#slots[slot] = undefined
    this.#head = (head + 1) | 0
    return event
  }

  peek(): T | undefined {
    return this.#slots[this.#head & this.#mask]
  }

  drop(n: number): void {
    for (let i = 0; i < n; i++) this.pop()
  }

  close(): void {
    this.#slots.length = 0
    this.#head = this.#tail
  }
}

/** Stores of references. Their bytes are those of the slots, not of what the references lead to. */
export function valueStores<T>(): EventStoreMaker<T, T> {
  return {
    bytesFor: capacity => 8 * slotsFor(capacity),
    make: capacity => new ValueStore(capacity),
  }
}
