import { SLICE_COUNT, SLICE_ENTRY_BYTES, SLICE_RECORDS, SLICE_TOUCHED } from '../../../assembly/abi.ts'
import type { Arena } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { IdMarker } from './key-index.ts'

/** The records of one stretch of time: an array addressed by key id, and the list of the ids that are in use. */
export interface Slice {
  /** floor((time - offset) / size). */
  index: number
  /** Address of its entry (abi.ts "slice entry"). */
  readonly entry: number
  /** Ids its arrays have room for. */
  capacity: number
}

const LEAST_CAPACITY = 16

/** The live slices of a window operator, in order of time; the memory of closed ones is used again. */
export class SliceStore {
  /** Ascending by index. */
  readonly slices: Slice[] = []
  readonly #byIndex = new Map<number, Slice>()
  readonly #spare: Slice[] = []
  readonly #kernels: KernelExports
  readonly #memory: LinearMemory
  readonly #arena: Arena
  readonly #recordBytes: number

  constructor(kernels: KernelExports, arena: Arena, recordBytes: number) {
    this.#kernels = kernels
    this.#arena = arena
    this.#memory = arena.memory
    this.#recordBytes = recordBytes
  }

  /** The slice of an index with room for ids below `idLimit`, made if it doesn't exist. */
  obtain(index: number, idLimit: number): Slice {
    const known = this.#byIndex.get(index)
    const slice = known ?? this.#open(index)
    if (slice.capacity < idLimit) this.#grow(slice, idLimit)
    return slice
  }

  find(index: number): Slice | undefined {
    return this.#byIndex.get(index)
  }

  /** Ids in use in a slice. */
  count(slice: Slice): number {
    return this.#memory.u32[(slice.entry + SLICE_COUNT) >>> 2]!
  }

  /** Address of the list of ids in use. */
  touched(slice: Slice): number {
    return this.#memory.u32[(slice.entry + SLICE_TOUCHED) >>> 2]!
  }

  /** Address of the record array. */
  records(slice: Slice): number {
    return this.#memory.u32[(slice.entry + SLICE_RECORDS) >>> 2]!
  }

  /** Frees the oldest slice. */
  closeFirst(): void {
    const slice = this.slices.shift()!
    this.#byIndex.delete(slice.index)
    this.#kernels.clearSlice(slice.entry, this.#recordBytes)
    this.#spare.push(slice)
  }

  /** Marks every id a live slice has a record of. */
  readonly liveIds: IdMarker = mark => {
    for (const slice of this.slices) {
      const first = this.touched(slice) >>> 2
      const { u32 } = this.#memory
      for (let at = first, end = first + this.count(slice); at < end; at++) mark(u32[at]!)
    }
  }

  /** Calls `visit` with the address of every record in use. */
  eachRecord(visit: (record: number) => void): void {
    for (const slice of this.slices) {
      const records = this.records(slice)
      const first = this.touched(slice) >>> 2
      for (let at = first, end = first + this.count(slice); at < end; at++) {
        visit(records + this.#memory.u32[at]! * this.#recordBytes)
      }
    }
  }

  close(): void {
    for (const slice of [...this.slices, ...this.#spare]) {
      this.#arena.release(this.records(slice), slice.capacity * this.#recordBytes)
      this.#arena.release(this.touched(slice), slice.capacity * 4)
      this.#arena.release(slice.entry, SLICE_ENTRY_BYTES)
    }
    this.slices.length = 0
    this.#spare.length = 0
    this.#byIndex.clear()
  }

  #open(index: number): Slice {
    const slice = this.#spare.pop() ?? this.#allocate()
    slice.index = index
    this.#byIndex.set(index, slice)
    let at = this.slices.length
    while (at > 0 && this.slices[at - 1]!.index > index) at--
    this.slices.splice(at, 0, slice)
    return slice
  }

  #allocate(): Slice {
    const entry = this.#arena.allocateZeroed(SLICE_ENTRY_BYTES)
    const slice: Slice = { index: 0, entry, capacity: LEAST_CAPACITY }
    this.#setArrays(
      slice,
      this.#arena.allocateZeroed(LEAST_CAPACITY * this.#recordBytes),
      this.#arena.allocate(LEAST_CAPACITY * 4),
    )
    return slice
  }

  #grow(slice: Slice, idLimit: number): void {
    let capacity = slice.capacity
    while (capacity < idLimit) capacity *= 2
    const { records, touched, count } = {
      records: this.records(slice),
      touched: this.touched(slice),
      count: this.count(slice),
    }
    const newRecords = this.#arena.allocateZeroed(capacity * this.#recordBytes)
    const newTouched = this.#arena.allocate(capacity * 4)
    const { u8 } = this.#memory
    u8.copyWithin(newRecords, records, records + slice.capacity * this.#recordBytes)
    u8.copyWithin(newTouched, touched, touched + count * 4)
    this.#arena.release(records, slice.capacity * this.#recordBytes)
    this.#arena.release(touched, slice.capacity * 4)
    slice.capacity = capacity
    this.#setArrays(slice, newRecords, newTouched)
  }

  #setArrays(slice: Slice, records: number, touched: number): void {
    this.#memory.u32[(slice.entry + SLICE_RECORDS) >>> 2] = records
    this.#memory.u32[(slice.entry + SLICE_TOUCHED) >>> 2] = touched
  }
}
