import { eventInvalid } from '../../errors.ts'
import { type EventStore, slotsFor } from './event-store.ts'

/** A ring of any values but `undefined`, by reference. The cursors count up and wrap at 2^32. */
export class ValueStore<T> implements EventStore<T, T> {
  #capacity: number
  #slots: (T | undefined)[]
  #mask: number
  #head = 0
  #tail = 0

  constructor(capacity: number) {
    const slots = slotsFor(capacity)
    this.#capacity = capacity
    this.#slots = emptySlots(slots)
    this.#mask = slots - 1
  }

  get capacity(): number {
    return this.#capacity
  }

  get length(): number {
    return (this.#tail - this.#head) | 0
  }

  push(event: T): boolean {
    if (event === undefined) throw eventInvalid('undefined is no event: it is what an empty queue answers')
    const tail = this.#tail
    if (((tail - this.#head) | 0) === this.#capacity) return false
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

  /** Bytes of the references, not of what they lead to. */
  bytesFor(capacity: number): number {
    return 8 * slotsFor(capacity)
  }

  resize(capacity: number): void {
    const { length } = this
    const slots = emptySlots<T>(slotsFor(capacity))
    for (let i = 0; i < length; i++) slots[i] = this.#slots[(this.#head + i) & this.#mask]
    this.#slots = slots
    this.#mask = slots.length - 1
    this.#head = 0
    this.#tail = length
    this.#capacity = capacity
  }
}

const emptySlots = <T>(slots: number): (T | undefined)[] => new Array<T | undefined>(slots).fill(undefined)
