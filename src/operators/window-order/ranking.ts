import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { SlotOrder } from './slot-order.ts'

/** What of an order is kept. */
export interface Kept {
  /** Undefined where rows are in no order but that of their arrival. */
  readonly order: SlotOrder | undefined
  readonly offset: number
  /** Rows from the first on, those before the offset among them; +Infinity keeps all. */
  readonly most: number
  readonly keepsTies: boolean
}

/**
 * The rows of one window, or of one value of it, that are kept: the first `most` in an order, of equal rows the earlier.
 * They stand in a binary heap with the last of them on top: most rows cost one comparison, the others O(log most). With
 * ties, the rows equal to the last one stand beside.
 */
export class Ranking {
  readonly #kept: Kept
  readonly #slots: number[] = []
  #ties: number[] = []

  constructor(kept: Kept) {
    this.#kept = kept
  }

  /** The slot of the last row that is kept, once there are `most`; -1 before. */
  get last(): number {
    return this.#slots.length === this.#kept.most ? this.#slots[0]! : -1
  }

  /** Slots it holds. */
  get size(): number {
    return this.#slots.length + this.#ties.length
  }

  /** Takes a row in that came after all before it, if it belongs to the first. */
  add(slot: number): void {
    const { order, most, keepsTies } = this.#kept
    const slots = this.#slots
    if (slots.length < most) {
      slots.push(slot)
      if (order !== undefined && most !== Number.POSITIVE_INFINITY) this.#siftUp(order)
      return
    }
    if (order === undefined) return
    const way = order(slot, slots[0]!)
    if (way === 0 && keepsTies) this.#ties.push(slot)
    if (way >= 0) return
    const evicted = slots[0]!
    slots[0] = slot
    this.#siftDown(order)
    if (!keepsTies) return
    // Ties equal the row that was last: they stay beside it, or go with it.
    if (order(evicted, slots[0]!) === 0) this.#ties.push(evicted)
    else this.#ties = []
  }

  /** The slots that are kept, in their order, without the first `offset`. */
  sorted(): number[] {
    const { order, offset } = this.#kept
    const all = [...this.#slots, ...this.#ties]
    if (order !== undefined) all.sort((a, b) => order(a, b) || a - b)
    return offset === 0 ? all : all.slice(offset)
  }

  /** Calls `visit` with every slot, and puts what it returns in its place: slots whose order is the same. */
  move(visit: (slot: number) => number): void {
    for (let i = 0; i < this.#slots.length; i++) this.#slots[i] = visit(this.#slots[i]!)
    for (let i = 0; i < this.#ties.length; i++) this.#ties[i] = visit(this.#ties[i]!)
  }

  /** Calls `visit` with every slot. */
  eachSlot(visit: (slot: number) => void): void {
    this.#slots.forEach(visit)
    this.#ties.forEach(visit)
  }

  /** Writes its slots as they stand, each as what `placeOf` says, which leaves their order the same. */
  snapshot(writer: StateWriter, placeOf: (slot: number) => number): void {
    for (const slots of [this.#slots, this.#ties]) {
      writer.u32(slots.length)
      for (const slot of slots) writer.u32(placeOf(slot))
    }
  }

  /** Takes over in a new ranking what another held; `takeSlot` reads a slot. */
  restore(reader: StateReader, takeSlot: () => number): void {
    for (const slots of [this.#slots, this.#ties])
      for (let left = reader.count(4); left > 0; left--) slots.push(takeSlot())
    const { most, keepsTies } = this.#kept
    if (this.#slots.length > most || (this.#ties.length > 0 && !keepsTies))
      reader.refuse(`${this.size} rows of at most ${most}`)
  }

  #comesAfter(order: SlotOrder, a: number, b: number): boolean {
    return (order(a, b) || a - b) > 0
  }

  #siftUp(order: SlotOrder): void {
    const slots = this.#slots
    let at = slots.length - 1
    const slot = slots[at]!
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (!this.#comesAfter(order, slot, slots[parent]!)) break
      slots[at] = slots[parent]!
      at = parent
    }
    slots[at] = slot
  }

  #siftDown(order: SlotOrder): void {
    const slots = this.#slots
    const slot = slots[0]!
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= slots.length) break
      if (child + 1 < slots.length && this.#comesAfter(order, slots[child + 1]!, slots[child]!)) child++
      if (!this.#comesAfter(order, slots[child]!, slot)) break
      slots[at] = slots[child]!
      at = child
    }
    slots[at] = slot
  }
}
