/** Most slots a pool may have: 2^24. */
export const MAX_SLOTS = 2 ** 24

const SLOT_MASK = MAX_SLOTS - 1

/** The slot a handle speaks of, valid or not. */
export const slotOf = (handle: number): number => handle & SLOT_MASK

/**
 * Which slots of a pool are free, and what handle each in use goes by. A handle is slot + generation × 2^24; the
 * generation rises at each release, so a handle is good for one stay only. Generations repeat after 2^29 stays of a slot.
 */
export class PoolSlots {
  /** Slots that exist: free, in use or retired. */
  #count = 0
  /** By slot: its handle while in use; while it isn't, -1 - the handle it will have next. */
  #handles = new Float64Array(0)
  /** Free slots; the last one released is the next one out, while its columns are still in the cache. */
  #free = new Int32Array(0)
  #freeCount = 0
  /** Slots let go of when the pool was full. */
  readonly #retired: number[] = []

  get count(): number {
    return this.#count
  }

  get available(): number {
    return this.#freeCount
  }

  get retired(): number {
    return this.#retired.length
  }

  /** Makes slots `count` … `to - 1`: free ones, or retired ones to be revived one by one. */
  extend(to: number, as: 'free' | 'retired'): void {
    const handles = new Float64Array(to)
    handles.set(this.#handles)
    const free = new Int32Array(to)
    free.set(this.#free)
    this.#handles = handles
    this.#free = free
    for (let slot = to - 1; slot >= this.#count; slot--) {
      handles[slot] = -1 - slot
      if (as === 'free') free[this.#freeCount++] = slot
      else this.#retired.push(slot)
    }
    this.#count = to
  }

  /** Takes a free slot; returns its handle, or -1 when there is none. */
  acquire(): number {
    if (this.#freeCount === 0) return -1
    return this.#begin(this.#free[--this.#freeCount]!)
  }

  /** Takes a retired slot into use again; returns its handle, or -1 when there is none. */
  revive(): number {
    const slot = this.#retired.pop()
    return slot === undefined ? -1 : this.#begin(slot)
  }

  /** Whether the handle is in use. Any number may be asked about. */
  isHeld(handle: number): boolean {
    return handle >= 0 && this.#handles[handle & SLOT_MASK] === handle
  }

  /** Frees a handle in use. */
  release(handle: number): void {
    this.#free[this.#freeCount++] = this.#end(handle)
  }

  /** Ends a handle in use and lets go of its slot. */
  retire(handle: number): void {
    this.#retired.push(this.#end(handle))
  }

  #begin(slot: number): number {
    const handle = -1 - this.#handles[slot]!
    this.#handles[slot] = handle
    return handle
  }

  #end(handle: number): number {
    const slot = handle & SLOT_MASK
    const next = handle + MAX_SLOTS
    this.#handles[slot] = -1 - (next > Number.MAX_SAFE_INTEGER ? slot : next)
    return slot
  }
}
