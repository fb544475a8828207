import { eventInvalid, show } from '../../errors.ts'
import { type EventStore, slotsFor } from './event-store.ts'

/** A ring of 64-bit floats; NaN and infinities are values. */
export class NumberStore implements EventStore<number, number> {
  #capacity: number
  #slots: Float64Array
  #mask: number
  #head = 0
  #tail = 0

  constructor(capacity: number) {
    const slots = slotsFor(capacity)
    this.#capacity = capacity
    this.#slots = new Float64Array(slots)
    this.#mask = slots - 1
  }

  get capacity(): number {
    return this.#capacity
  }

  get length(): number {
    return (this.#tail - this.#head) | 0
  }

  push(event: number): boolean {
    if (typeof event !== 'number') throw eventInvalid(`this queue takes numbers, not ${show(event)}`, { value: event })
    const tail = this.#tail
    if (((tail - this.#head) | 0) === this.#capacity) return false
    this.#slots[tail & this.#mask] = event
    this.#tail = (tail + 1) | 0
    return true
  }

  pop(): number | undefined {
    const head = this.#head
    if (head === this.#tail) return undefined
    this.#head = (head + 1) | 0
    return this.#slots[head & this.#mask]
  }

  peek(): number | undefined {
    return this.#head === this.#tail ? undefined : this.#slots[this.#head & this.#mask]
  }

  drop(n: number): void {
    this.#head = (this.#head + n) | 0
  }

  bytesFor(capacity: number): number {
    return 8 * slotsFor(capacity)
  }

  resize(capacity: number): void {
    const { length } = this
    const slots = new Float64Array(slotsFor(capacity))
    for (let i = 0; i < length; i++) slots[i] = this.#slots[(this.#head + i) & this.#mask]!
    this.#slots = slots
    this.#mask = slots.length - 1
    this.#head = 0
    this.#tail = length
    this.#capacity = capacity
  }
}
