import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { KeyIds } from './key-ids.ts'
import type { IdMarker } from './key-index.ts'
import type { SliceCombiner } from './slice-combiner.ts'
import type { Slice, SlicePool } from './slice-pool.ts'

/** Slices in order of time. */
export class SliceStore {
  /** Ascending by index. */
  readonly slices: Slice[] = []
  readonly #byIndex = new Map<number, Slice>()
  readonly #pool: SlicePool
  /** Halves before this one have been joined. */
  #joinedBefore = Number.NEGATIVE_INFINITY

  get joinedBefore(): number {
    return this.#joinedBefore
  }

  constructor(pool: SlicePool) {
    this.#pool = pool
  }

  /** The slice of an index with room for ids below `idLimit`, made if it doesn't exist. */
  obtain(index: number, idLimit: number): Slice {
    const slice = this.#byIndex.get(index) ?? this.#open(index)
    this.#pool.reserve(slice, idLimit)
    return slice
  }

  find(index: number): Slice | undefined {
    return this.#byIndex.get(index)
  }

  /** Position of the first slice at or after `index`; the number of slices when there is none. O(log slices). */
  positionFrom(index: number): number {
    let low = 0
    let high = this.slices.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.slices[middle]!.index < index) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Least index in use at or after `index`; Infinity when there is none. */
  nextIndex(index: number): number {
    return this.slices[this.positionFrom(index)]?.index ?? Number.POSITIVE_INFINITY
  }

  /** Frees the slices before `index`. */
  closeBefore(index: number): void {
    const { slices } = this
    let closed = 0
    for (; closed < slices.length && slices[closed]!.index < index; closed++) {
      this.#byIndex.delete(slices[closed]!.index)
      this.#pool.release(slices[closed]!)
    }
    if (closed > 0) slices.splice(0, closed)
  }

  /**
   * Makes halves 2k and 2k + 1 one slice, 2k + 1, where 2k is before `index`. The keys of the first come first; a half that
   * came up once more since, of rows that were late, comes last.
   */
  joinHalves(index: number, combiner: SliceCombiner): void {
    const { slices } = this
    for (let at = 0; at < slices.length && slices[at]!.index < index; at++) {
      const half = slices[at]!
      const joined = half.index + 1
      if (joined % 2 === 0) continue
      const other = this.#byIndex.get(joined)
      const isFirst = other === undefined || half.index >= this.#joinedBefore
      this.#byIndex.delete(half.index)
      if (isFirst) {
        if (other !== undefined) this.#combineInto(half, other, at + 1, combiner)
        half.index = joined
        this.#byIndex.set(joined, half)
      } else this.#combineInto(other, half, at, combiner)
    }
    this.#joinedBefore = Math.max(this.#joinedBefore, index)
  }

  /** Marks every id a slice has a record of. */
  readonly liveIds: IdMarker = mark => {
    for (const slice of this.slices) this.#pool.markIds(slice, mark)
  }

  /** Calls `visit` with the address of every record in use. */
  eachRecord(visit: (record: number) => void): void {
    for (const slice of this.slices) this.#pool.eachRecord(slice, visit)
  }

  /** Takes in the slices of another store, which is empty afterwards. */
  takeIn(other: SliceStore, combiner: SliceCombiner): void {
    for (const slice of other.slices) combiner.combine(this.obtain(slice.index, slice.capacity), slice)
    other.closeBefore(Number.POSITIVE_INFINITY)
  }

  snapshot(writer: StateWriter): void {
    writer.f64(this.#joinedBefore)
    writer.u32(this.slices.length)
    for (const slice of this.slices) {
      writer.f64(slice.index)
      this.#pool.snapshot(slice, writer)
    }
  }

  /** Opens the slices of a state in an empty store. */
  restore(reader: StateReader, keys: KeyIds): void {
    const joinedBefore = reader.time()
    let before = Number.NEGATIVE_INFINITY
    for (let left = reader.count(12); left > 0; left--) {
      const index = reader.integer()
      if (index <= before) reader.refuse(`slices don't ascend at ${index}`)
      before = index
      this.#pool.restore(this.obtain(index, 0), reader, keys)
    }
    this.#joinedBefore = joinedBefore
  }

  /** Gives up the slice at a position for one that takes its records in. */
  #combineInto(target: Slice, source: Slice, at: number, combiner: SliceCombiner): void {
    combiner.combine(target, source)
    this.slices.splice(at, 1)
    this.#pool.release(source)
  }

  #open(index: number): Slice {
    const slice = this.#pool.acquire(index)
    this.#byIndex.set(index, slice)
    let at = this.slices.length
    while (at > 0 && this.slices[at - 1]!.index > index) at--
    this.slices.splice(at, 0, slice)
    return slice
  }
}
