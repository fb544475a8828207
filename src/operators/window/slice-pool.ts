import { SLICE_COUNT, SLICE_ENTRY_BYTES, SLICE_RECORDS, SLICE_TEMPLATE, SLICE_TOUCHED } from '../../../assembly/abi.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { Arena } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import { greatestOf, type KeyIds } from './key-ids.ts'
import type { IdMarker } from './key-index.ts'
import type { RecordLayout } from './record-layout.ts'

/** The records of one stretch of time: an array addressed by key id, and the list of the ids that are in use. */
export interface Slice {
  /** Which stretch of time; ascending with it. */
  index: number
  /** Address of its entry (abi.ts "slice entry"). */
  readonly entry: number
  /** Ids its arrays have room for. */
  capacity: number
}

const LEAST_CAPACITY = 16

/** Makes slices and reads them; the memory of those given back is used again. */
export class SlicePool {
  readonly recordBytes: number
  readonly #spare: Slice[] = []
  readonly #all: Slice[] = []
  readonly #kernels: KernelExports
  readonly #layout: RecordLayout
  readonly #memory: LinearMemory
  readonly #arena: Arena
  readonly #template: number

  constructor(kernels: KernelExports, arena: Arena, layout: RecordLayout) {
    this.#kernels = kernels
    this.#arena = arena
    this.#memory = arena.memory
    this.#layout = layout
    this.recordBytes = layout.recordBytes
    this.#template = arena.allocate(this.recordBytes)
    layout.initialise(this.#template, 1)
  }

  /** An empty slice. */
  acquire(index: number): Slice {
    const slice = this.#spare.pop() ?? this.#make()
    slice.index = index
    return slice
  }

  /** Empties a slice and takes it back. */
  release(slice: Slice): void {
    this.clear(slice)
    this.#spare.push(slice)
  }

  /** Empties a slice. O(ids in use). */
  clear(slice: Slice): void {
    if (this.#layout.ownsMemory) this.eachRecord(slice, record => this.#layout.release(record))
    this.#kernels.clearSlice(slice.entry, this.recordBytes)
  }

  /** Makes room for ids below `idLimit`. */
  reserve(slice: Slice, idLimit: number): void {
    if (slice.capacity < idLimit) this.#grow(slice, idLimit)
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

  /** Marks every id a slice has a record of. */
  markIds(slice: Slice, mark: Parameters<IdMarker>[0]): void {
    const first = this.touched(slice) >>> 2
    const { u32 } = this.#memory
    for (let at = first, end = first + this.count(slice); at < end; at++) mark(u32[at]!)
  }

  /** Calls `visit` with the address of every record in use. */
  eachRecord(slice: Slice, visit: (record: number) => void): void {
    const records = this.records(slice)
    this.markIds(slice, id => visit(records + id * this.recordBytes))
  }

  /** Writes the records of a slice, and whose they are in the order in which they came up. */
  snapshot(slice: Slice, writer: StateWriter): void {
    const first = this.touched(slice) >>> 2
    const ids = this.#memory.u32.slice(first, first + this.count(slice))
    this.#layout.state.snapshotKeyed(writer, ids, this.records(slice))
  }

  /** Fills an empty slice. */
  restore(slice: Slice, reader: StateReader, keys: KeyIds): void {
    const keyed = this.#layout.state.readIds(reader, keys)
    const { ids } = keyed
    this.reserve(slice, greatestOf(ids) + 1)
    this.#memory.u32.set(ids, this.touched(slice) >>> 2)
    this.#memory.u32[(slice.entry + SLICE_COUNT) >>> 2] = ids.length
    this.#layout.state.restoreKeyed(reader, keyed, this.records(slice))
  }

  /** Gives back the memory of every slice it made, and its own. */
  close(): void {
    for (const slice of this.#all) {
      this.clear(slice)
      this.#arena.release(this.records(slice), slice.capacity * this.recordBytes)
      this.#arena.release(this.touched(slice), listBytes(slice.capacity))
      this.#arena.release(slice.entry, SLICE_ENTRY_BYTES)
    }
    this.#all.length = 0
    this.#spare.length = 0
    this.#arena.release(this.#template, this.recordBytes)
  }

  #make(): Slice {
    const entry = this.#arena.allocateZeroed(SLICE_ENTRY_BYTES)
    const slice: Slice = { index: 0, entry, capacity: LEAST_CAPACITY }
    const records = this.#arena.allocate(LEAST_CAPACITY * this.recordBytes)
    this.#layout.initialise(records, LEAST_CAPACITY)
    this.#memory.u32[(entry + SLICE_TEMPLATE) >>> 2] = this.#template
    this.#setArrays(slice, records, this.#arena.allocate(listBytes(LEAST_CAPACITY)))
    this.#all.push(slice)
    return slice
  }

  #grow(slice: Slice, idLimit: number): void {
    let capacity = slice.capacity
    while (capacity < idLimit) capacity *= 2
    const records = this.records(slice)
    const touched = this.touched(slice)
    const newRecords = this.#arena.allocate(capacity * this.recordBytes)
    const newTouched = this.#arena.allocate(listBytes(capacity))
    const { u8 } = this.#memory
    const held = slice.capacity * this.recordBytes
    u8.copyWithin(newRecords, records, records + held)
    this.#layout.initialise(newRecords + held, capacity - slice.capacity)
    u8.copyWithin(newTouched, touched, touched + this.count(slice) * 4)
    this.#arena.release(records, held)
    this.#arena.release(touched, listBytes(slice.capacity))
    slice.capacity = capacity
    this.#setArrays(slice, newRecords, newTouched)
  }

  #setArrays(slice: Slice, records: number, touched: number): void {
    this.#memory.u32[(slice.entry + SLICE_RECORDS) >>> 2] = records
    this.#memory.u32[(slice.entry + SLICE_TOUCHED) >>> 2] = touched
  }
}

/** The list has room for one id more than there are records: kernels write where the next would stand. */
function listBytes(capacity: number): number {
  return (capacity + 1) * 4
}
