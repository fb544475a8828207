import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { SlotOrder } from './slot-order.ts'

/** Rows that came out, in their order. */
export interface Ranked {
  readonly slots: readonly number[]
  readonly ranks: readonly number[]
}

/** What of an order comes out. */
export interface Cut {
  /** Undefined where rows are in no order but that in which their keys came. */
  readonly order: SlotOrder | undefined
  readonly offset: number
  readonly limit: number | undefined
  readonly keepsTies: boolean
}

interface Place {
  slot: number
  readonly by: number
}

/** No row of a key is left. */
const NONE = -1
const NO_ROWS: Ranked = { slots: [], ranks: [] }

/** The rows of a window that gives its results again: the latest of each key, in the order in which the keys came. */
export class RepeatedWindow {
  readonly startMs: number
  readonly endMs: number
  /** What came out last. */
  given: Ranked = NO_ROWS
  /** Whether rows came since. */
  hasChanged = false
  readonly #places = new Map<number, Place>()

  constructor(startMs: number, endMs: number) {
    this.startMs = startMs
    this.endMs = endMs
  }

  /** A row of a key takes the place of that before it. @param by The value it is counted by. */
  put(key: number, slot: number, by: number): void {
    this.hasChanged = true
    const place = this.#places.get(key)
    if (place === undefined) this.#places.set(key, { slot, by })
    else place.slot = slot
  }

  /** The row of a key is taken back. */
  takeBack(key: number): void {
    this.hasChanged = true
    const place = this.#places.get(key)
    if (place !== undefined) place.slot = NONE
  }

  /** Forgets its rows. */
  clear(): void {
    this.#places.clear()
  }

  /** What comes out of its rows as they are: those of each value they are counted by, in the order the values came up. */
  ranked({ order, offset, limit, keepsTies }: Cut): Ranked {
    const groups = new Map<number, number[]>()
    for (const { slot, by } of this.#places.values()) {
      if (slot === NONE) continue
      const group = groups.get(by)
      if (group === undefined) groups.set(by, [slot])
      else group.push(slot)
    }
    const slots: number[] = []
    const ranks: number[] = []
    for (const group of groups.values()) {
      // A stable sort: of equal rows, that of the key that came first goes first.
      if (order !== undefined) group.sort(order)
      let end = limit === undefined ? group.length : Math.min(group.length, offset + limit)
      if (keepsTies) while (end < group.length && order!(group[end - 1]!, group[end]!) === 0) end++
      for (let at = offset; at < end; at++) {
        const isEqual = keepsTies && at > 0 && order!(group[at - 1]!, group[at]!) === 0
        ranks.push(isEqual ? ranks.at(-1)! : at + 1)
        slots.push(group[at]!)
      }
    }
    return { slots, ranks }
  }

  /** Calls `visit` with each key and value it holds rows by, and with each slot: also of what came out. */
  markIds(markKey: (id: number) => void, markBy: (id: number) => void): void {
    for (const [key, { by }] of this.#places) {
      markKey(key)
      markBy(by)
    }
  }

  eachSlot(visit: (slot: number) => void): void {
    for (const { slot } of this.#places.values()) if (slot !== NONE) visit(slot)
    this.given.slots.forEach(visit)
  }

  /** Puts what `visit` returns in the place of every slot. */
  move(visit: (slot: number) => number): void {
    for (const place of this.#places.values()) if (place.slot !== NONE) place.slot = visit(place.slot)
    this.given = { slots: this.given.slots.map(visit), ranks: this.given.ranks }
  }

  /** @param placeOf Where the row of a slot stands in the state. */
  snapshot(writer: StateWriter, placeOf: (slot: number) => number): void {
    writer.f64(this.startMs)
    writer.f64(this.endMs)
    writer.u32(this.#places.size)
    for (const [key, { slot, by }] of this.#places) {
      writer.u32(key)
      writer.u32(by)
      writer.bool(slot !== NONE)
      if (slot !== NONE) writer.u32(placeOf(slot))
    }
    writer.u32(this.given.slots.length)
    for (const [i, slot] of this.given.slots.entries()) {
      writer.u32(placeOf(slot))
      writer.u32(this.given.ranks[i]!)
    }
  }

  /** @param rows Rows there are in the state. */
  static restore(reader: StateReader, rows: number, keyLimit: number, byLimit: number): RepeatedWindow {
    const window = new RepeatedWindow(reader.integer(), reader.integer())
    if (window.startMs >= window.endMs)
      reader.refuse(`the window from ${window.startMs} to ${window.endMs} has no place`)
    for (let left = reader.count(9); left > 0; left--) {
      const key = reader.index(keyLimit - 1)
      const by = reader.index(byLimit - 1)
      window.#places.set(key, { by, slot: reader.bool() ? reader.index(rows - 1) : NONE })
    }
    const slots: number[] = []
    const ranks: number[] = []
    for (let left = reader.count(8); left > 0; left--) {
      slots.push(reader.index(rows - 1))
      ranks.push(reader.u32())
    }
    window.given = { slots, ranks }
    return window
  }
}

/** The rows of one list that the other doesn't have at the same rank. */
export function difference(of: Ranked, than: Ranked, hasRank: boolean): Ranked {
  const known = new Map<number, number>()
  for (const [i, slot] of than.slots.entries()) known.set(slot, than.ranks[i]!)
  const isNew = (slot: number, i: number): boolean => !known.has(slot) || (hasRank && known.get(slot) !== of.ranks[i])
  const at = of.slots.flatMap((slot, i) => (isNew(slot, i) ? [i] : []))
  return { slots: at.map(i => of.slots[i]!), ranks: at.map(i => of.ranks[i]!) }
}
