import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { KeyIds } from './key-ids.ts'
import type { IdMarker } from './key-index.ts'
import type { SliceCombiner } from './slice-combiner.ts'
import type { Slice, SlicePool } from './slice-pool.ts'
import { SliceStore } from './slice-store.ts'
import type { WindowSlices } from './window-slices.ts'

/**
 * The content of one window after another out of the slices they share, at a constant number of combinations per slice
 * and key, however many slices a window has (two stacks, as a queue is made of them):
 *
 *     slices   a   b   c   d │ e   f        windows fire in order and only ever move on
 *     front   abcd bcd cd  d │              what is left of the last turn, each slice with all behind it
 *     back                   │ ef           the slices since then, together
 *
 * A window is the front at its first slice, plus the back. When windows have left the front behind, the slices of the
 * next one are turned into a front. Where a window ends in the middle of a slide, between two halves, the first half stays
 * by itself, neither front nor back, until that window is over; then the halves are joined. Rows that come for a slice of the front while some window still waits for it
 * (stragglers) are kept aside and added to each window that has their slice.
 */
export class WindowContent {
  /** Rows by slice. */
  readonly #slices: SliceStore
  /** Suffixes; the slices themselves when nobody needs them any more. */
  readonly #front: SliceStore
  readonly #stragglers: SliceStore
  readonly #back: Slice
  readonly #result: Slice
  readonly #windows: WindowSlices
  readonly #keepsSlices: boolean
  readonly #pool: SlicePool
  readonly #combiner: SliceCombiner
  /** Where the last turn began; Infinity: not known, of a state that was restored. */
  #frontFrom = Number.POSITIVE_INFINITY
  #frontThrough = Number.NEGATIVE_INFINITY
  #backThrough = Number.NEGATIVE_INFINITY

  /** @param keepsSlices Whether slices are read again after their window fired, so that the front needs room of its own. */
  constructor(
    windows: WindowSlices,
    slices: SliceStore,
    pool: SlicePool,
    combiner: SliceCombiner,
    keepsSlices: boolean,
  ) {
    this.#windows = windows
    this.#keepsSlices = keepsSlices
    this.#slices = slices
    this.#pool = pool
    this.#combiner = combiner
    this.#front = keepsSlices ? new SliceStore(pool) : slices
    this.#stragglers = new SliceStore(pool)
    this.#back = pool.acquire(0)
    this.#result = pool.acquire(0)
  }

  /** Least slice at or after `slice` that has rows; Infinity when there is none. */
  nextSlice(slice: number): number {
    return Math.min(this.#slices.nextIndex(slice), this.#stragglers.nextIndex(slice))
  }

  /** The rows of a window that holds some; windows come in their order. Good until the next call of any method. */
  of(window: number): Slice {
    const { hasHalves, span } = this.#windows
    const first = this.#windows.firstSlice(window)
    if (span === 1) return this.#slices.find(first)!
    const last = this.#windows.lastSlice(window)
    if (hasHalves && !this.#keepsSlices) this.#slices.joinHalves(last, this.#combiner)
    const through = hasHalves ? last - 1 : last
    if (first > this.#frontThrough + 1) this.#turn(first, through)
    else this.#extendBack(through)
    const front = this.#frontAt(first)
    const half = hasHalves ? this.#slices.find(last) : undefined
    const stragglers = this.#stragglers.slices
    const from = this.#stragglers.positionFrom(first)
    const hasBack = this.#pool.count(this.#back) > 0
    if (from === stragglers.length) {
      if (front === undefined && half === undefined) return this.#back
      if (!hasBack && half === undefined) return front!
      if (!hasBack && front === undefined) return half!
    }
    this.#pool.clear(this.#result)
    if (front !== undefined) this.#combiner.combine(this.#result, front)
    if (hasBack) this.#combiner.combine(this.#result, this.#back)
    if (half !== undefined) this.#combiner.combine(this.#result, half)
    for (let i = from; i < stragglers.length; i++) this.#combiner.combine(this.#result, stragglers[i]!)
    return this.#result
  }

  /**
   * Where a row goes that comes for a slice of which some window has fired and some has not: `add` is called with each
   * slice that takes it in.
   */
  addStraggler(index: number, idLimit: number, add: (slice: Slice) => void): void {
    const isBehindFront = index > this.#frontThrough
    if (isBehindFront || this.#front !== this.#slices) add(this.#slices.obtain(index, idLimit))
    if (!isBehindFront) add(this.#stragglers.obtain(index, idLimit))
    else if (index <= this.#backThrough) {
      this.#pool.reserve(this.#back, idLimit)
      add(this.#back)
    }
  }

  /** Frees what no window from `firstOpen` on needs, and the rows themselves of windows before `firstTaking`. */
  closeBefore(firstOpen: number, firstTaking: number): void {
    const open = this.#windows.firstSlice(firstOpen)
    const kept = this.#keepsSlices ? firstTaking : firstOpen
    this.#slices.closeBefore(this.#windows.firstSlice(kept))
    if (this.#windows.hasHalves) this.#slices.joinHalves(this.#windows.lastSlice(kept), this.#combiner)
    if (this.#front !== this.#slices) this.#front.closeBefore(open)
    this.#stragglers.closeBefore(open)
    this.#pool.clear(this.#result)
    if (open <= this.#backThrough) return
    this.#pool.clear(this.#back)
    this.#frontThrough = Number.NEGATIVE_INFINITY
    this.#backThrough = Number.NEGATIVE_INFINITY
  }

  snapshot(writer: StateWriter): void {
    for (const store of this.#stores()) store.snapshot(writer)
    this.#pool.snapshot(this.#back, writer)
    writer.f64(this.#frontThrough)
    writer.f64(this.#backThrough)
  }

  /** Takes over what another content of the same windows held; of a part of a state, beside what it has of others. */
  restore(reader: StateReader, keys: KeyIds): void {
    if (reader.part !== undefined) {
      const slices = new SliceStore(this.#pool)
      const part = new WindowContent(this.#windows, slices, this.#pool, this.#combiner, this.#keepsSlices)
      part.#fill(reader, keys)
      this.#takeIn(part)
    } else this.#fill(reader, keys)
  }

  #fill(reader: StateReader, keys: KeyIds): void {
    for (const store of this.#stores()) store.restore(reader, keys)
    this.#pool.restore(this.#back, reader, keys)
    this.#frontThrough = reader.time()
    this.#backThrough = reader.time()
    if (this.#frontThrough > this.#backThrough) reader.refuse('a window is put together beyond its end')
  }

  /** Takes in another content, of other keys, which is empty afterwards. */
  #takeIn(other: WindowContent): void {
    const joined = Math.max(this.#slices.joinedBefore, other.#slices.joinedBefore)
    const front = Math.max(this.#frontThrough, other.#frontThrough)
    const back = Math.max(this.#backThrough, other.#backThrough)
    for (const each of [this, other]) {
      if (each.#windows.hasHalves) each.#slices.joinHalves(joined, each.#combiner)
      each.#reach(front, back)
    }
    const starts = [...this.#front.slices, ...other.#front.slices].map(({ index }) => index)
    for (const each of [this, other]) each.#fillFront(starts.filter(index => index <= front))
    const others = other.#stores()
    this.#stores().forEach((store, i) => {
      store.takeIn(others[i]!, this.#combiner)
    })
    this.#combiner.combine(this.#back, other.#back)
    for (const slice of [other.#back, other.#result]) this.#pool.release(slice)
  }

  /** Moves front and back to where they would be if windows had been put together there. */
  #reach(front: number, back: number): void {
    if (front > this.#frontThrough) {
      const before = this.#frontThrough
      const added = this.#suffixes(before + 1, front)
      if (added !== undefined)
        for (const slice of this.#front.slices) if (slice.index <= before) this.#combiner.combine(slice, added)
      this.#frontThrough = front
      this.#backThrough = front
      this.#pool.clear(this.#back)
    }
    this.#extendBack(back)
  }

  /** Gives the front a suffix of its own at each of some slices, where another has one: the same as at the next that has rows. */
  #fillFront(indexes: readonly number[]): void {
    for (const index of indexes) {
      const suffix = this.#frontAt(index)
      if (suffix === undefined || suffix.index === index) continue
      this.#combiner.combine(this.#front.obtain(index, suffix.capacity), suffix)
    }
  }

  /** Marks every id that has a record. Of the front the first slice has those of all others. */
  readonly liveIds: IdMarker = mark => {
    let isMarked = false
    for (const slice of this.#front.slices) {
      const isInFront = slice.index >= this.#frontFrom && slice.index <= this.#frontThrough
      if (!isInFront || !isMarked) this.#pool.markIds(slice, mark)
      isMarked ||= isInFront
    }
    for (const store of this.#stores()) if (store !== this.#front) store.liveIds(mark)
    for (const slice of [this.#back, this.#result]) this.#pool.markIds(slice, mark)
  }

  /** Calls `visit` with the address of every record in use. */
  eachRecord(visit: (record: number) => void): void {
    for (const store of this.#stores()) store.eachRecord(visit)
    for (const slice of [this.#back, this.#result]) this.#pool.eachRecord(slice, visit)
  }

  #stores(): readonly SliceStore[] {
    return [...new Set([this.#slices, this.#front, this.#stragglers])]
  }

  /** The suffix at the first slice of the front that has rows, at or after `first`. */
  #frontAt(first: number): Slice | undefined {
    const slice = this.#front.slices[this.#front.positionFrom(first)]
    return slice !== undefined && slice.index <= this.#frontThrough ? slice : undefined
  }

  /** Makes a front of the slices `first` … `last`, last one first; of a single slice, a back. */
  #turn(first: number, last: number): void {
    const { slices } = this.#slices
    const from = this.#slices.positionFrom(first)
    const to = this.#slices.positionFrom(last + 1)
    this.#pool.clear(this.#back)
    this.#frontFrom = first
    this.#backThrough = last
    if (to - from <= 1) {
      this.#frontThrough = first - 1
      if (to > from) this.#combiner.combine(this.#back, slices[from]!)
      return
    }
    this.#frontThrough = last
    if (this.#front !== this.#slices) this.#front.closeBefore(Number.POSITIVE_INFINITY)
    this.#suffixes(first, last)
  }

  /** Makes of each of the slices `first` … `last` one with all of them behind it; the longest, where there is any. */
  #suffixes(first: number, last: number): Slice | undefined {
    const { slices } = this.#slices
    const inPlace = this.#front === this.#slices
    let suffix: Slice | undefined
    for (let i = this.#slices.positionFrom(last + 1) - 1; i >= this.#slices.positionFrom(first); i--) {
      const slice = slices[i]!
      const target = inPlace ? slice : this.#front.obtain(slice.index, slice.capacity)
      if (!inPlace) this.#combiner.combine(target, slice)
      if (suffix !== undefined) this.#combiner.combine(target, suffix)
      suffix = target
    }
    return suffix
  }

  #extendBack(last: number): void {
    if (last <= this.#backThrough) return
    const { slices } = this.#slices
    for (let i = this.#slices.positionFrom(this.#backThrough + 1); i < slices.length && slices[i]!.index <= last; i++)
      this.#combiner.combine(this.#back, slices[i]!)
    this.#backThrough = last
  }
}
