import {
  RECORD_ROWS,
  SLICE_COUNT,
  SLICE_ENTRY_BYTES,
  SLICE_RECORDS,
  SLICE_TEMPLATE,
  SLICE_TOUCHED,
} from '../../../assembly/abi.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { Arena } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import { greatestOf, type KeyIds } from './key-ids.ts'
import type { IdMarker } from './key-index.ts'
import type { RecordLayout } from './record-layout.ts'

const LEAST_IDS = 16

/**
 * One record per key id, laid out as a slice is, so that the kernels of slices work on it; but records go one by one. The
 * list of ids then holds some that have no record any more, or twice: it is tidied up when it is full.
 */
export class KeyedRecords {
  /** Address of the entry (abi.ts "slice entry"). */
  readonly entry: number
  readonly #arena: Arena
  readonly #memory: LinearMemory
  readonly #layout: RecordLayout
  readonly #template: number
  /** Room for two addresses. */
  readonly #pair: number
  #capacity = 0
  #listed = 0

  constructor(arena: Arena, layout: RecordLayout) {
    this.#arena = arena
    this.#memory = arena.memory
    this.#layout = layout
    this.entry = arena.allocateZeroed(SLICE_ENTRY_BYTES)
    this.#template = arena.allocate(layout.recordBytes)
    this.#pair = arena.allocate(8)
    layout.initialise(this.#template, 1)
    arena.memory.u32[(this.entry + SLICE_TEMPLATE) >>> 2] = this.#template
    this.reserve(1)
  }

  /** Makes room for ids below `idLimit`, before a stretch of rows in which none is removed. */
  reserve(idLimit: number): void {
    if (this.#capacity < idLimit) this.#grow(idLimit)
    // One more than may come: kernels write where the next would stand.
    if (this.#count + this.#capacity >= this.#listed) this.tidy()
  }

  /** Makes the record of an id, for which there is room, a copy of the one at `source`, which is another's. */
  copy(id: number, source: number): void {
    const record = this.#begin(id)
    const { u8, u32 } = this.#memory
    u8.copyWithin(record, source, source + this.#layout.recordBytes)
    u32[this.#pair >>> 2] = record
    u32[(this.#pair + 4) >>> 2] = source
    this.#layout.copyOwned(this.#pair, this.#pair + 4)
  }

  /** Address of the record of id 0. */
  get records(): number {
    return this.#memory.u32[(this.entry + SLICE_RECORDS) >>> 2]!
  }

  recordOf(id: number): number {
    return this.records + id * this.#layout.recordBytes
  }

  /** Rows in the record of an id; 0 when it has none. */
  rowsOf(id: number): number {
    return this.#memory.f64[(this.recordOf(id) + RECORD_ROWS) >>> 3]!
  }

  /** Gives the record of an id up. */
  remove(id: number): void {
    const record = this.recordOf(id)
    this.#layout.release(record)
    this.#layout.initialise(record, 1)
  }

  /** Leaves each id that has a record in the list, once, in the order in which the records were begun. */
  tidy(): void {
    const { u32 } = this.#memory
    const list = this.#list >>> 2
    const seen = new Set<number>()
    for (let i = this.#count - 1; i >= 0; i--) if (this.rowsOf(u32[list + i]!) !== 0) seen.add(u32[list + i]!)
    let at = list + seen.size
    for (const id of seen) u32[--at] = id
    u32[(this.entry + SLICE_COUNT) >>> 2] = seen.size
  }

  /** Calls `visit` with each id that has a record, in the order in which they were begun. */
  eachId(visit: (id: number) => void): void {
    this.tidy()
    const { u32 } = this.#memory
    for (let at = this.#list >>> 2, end = at + this.#count; at < end; at++) visit(u32[at]!)
  }

  /** Marks every id that has a record. */
  readonly liveIds: IdMarker = mark => {
    const { u32 } = this.#memory
    for (let at = this.#list >>> 2, end = at + this.#count; at < end; at++) {
      if (this.rowsOf(u32[at]!) !== 0) mark(u32[at]!)
    }
  }

  /** Writes the records, and whose they are in the order in which they were begun. */
  snapshot(writer: StateWriter): void {
    this.tidy()
    const first = this.#list >>> 2
    const ids = this.#memory.u32.slice(first, first + this.#count)
    this.#layout.state.snapshotKeyed(writer, ids, this.records)
  }

  /** Begins the records of a state, or of a part of one, where there are none of its keys. */
  restore(reader: StateReader, keys: KeyIds): void {
    const keyed = this.#layout.state.readIds(reader, keys)
    const { ids } = keyed
    this.reserve(greatestOf(ids) + 1)
    for (const id of ids) if (this.rowsOf(id) > 0) reader.refuse('a key has two records')
    this.#memory.u32.set(ids, (this.#list >>> 2) + this.#count)
    this.#memory.u32[(this.entry + SLICE_COUNT) >>> 2] = this.#count + ids.length
    this.#layout.state.restoreKeyed(reader, keyed, this.records)
  }

  close(): void {
    this.liveIds(id => this.#layout.release(this.recordOf(id)))
    this.#release()
    this.#arena.release(this.#template, this.#layout.recordBytes)
    this.#arena.release(this.entry, SLICE_ENTRY_BYTES)
    this.#arena.release(this.#pair, 8)
  }

  get #list(): number {
    return this.#memory.u32[(this.entry + SLICE_TOUCHED) >>> 2]!
  }

  get #count(): number {
    return this.#memory.u32[(this.entry + SLICE_COUNT) >>> 2]!
  }

  /** Begins the record of an id anew and returns its address; its bytes are anything. */
  #begin(id: number): number {
    const record = this.recordOf(id)
    if (this.rowsOf(id) > 0) {
      this.#layout.release(record)
      return record
    }
    const { u32 } = this.#memory
    u32[(this.#list >>> 2) + this.#count] = id
    u32[(this.entry + SLICE_COUNT) >>> 2] = this.#count + 1
    return record
  }

  #grow(idLimit: number): void {
    let capacity = Math.max(this.#capacity, LEAST_IDS)
    while (capacity < idLimit) capacity *= 2
    // Tidied up, the list has at most an id per record, and a stretch of rows adds as many: once more, so that it is seldom done.
    const listed = 3 * capacity
    const { recordBytes } = this.#layout
    const records = this.#arena.allocate(capacity * recordBytes)
    const list = this.#arena.allocate(listed * 4)
    const { u8, u32 } = this.#memory
    const held = this.#capacity * recordBytes
    this.#layout.initialise(records + held, capacity - this.#capacity)
    if (held > 0) {
      u8.copyWithin(records, this.records, this.records + held)
      u8.copyWithin(list, this.#list, this.#list + this.#count * 4)
      this.#release()
    }
    this.#capacity = capacity
    this.#listed = listed
    u32[(this.entry + SLICE_RECORDS) >>> 2] = records
    u32[(this.entry + SLICE_TOUCHED) >>> 2] = list
  }

  #release(): void {
    this.#arena.release(this.records, this.#capacity * this.#layout.recordBytes)
    this.#arena.release(this.#list, this.#listed * 4)
  }
}
