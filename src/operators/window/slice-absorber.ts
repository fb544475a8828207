import { RECORD_ROWS, SLICE_COUNT, SLICE_ENTRY_BYTES } from '../../../assembly/abi.ts'
import type { ArenaScope } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { AbsorbedRows } from './accumulator.ts'
import type { RecordLayout } from './record-layout.ts'
import type { Slice } from './slice-pool.ts'
import type { SliceStore } from './slice-store.ts'
import type { WindowSlices } from './window-slices.ts'

/** Slices one kernel call may spread a batch over; batches that span more are taken run by run. */
const SPAN_LIMIT = 1024

/** Puts rows into the records of their slices: slice index → record address → accumulate. */
export class SliceAbsorber {
  readonly #kernels: KernelExports
  readonly #memory: LinearMemory
  readonly #store: SliceStore
  readonly #layout: RecordLayout
  readonly #slices: WindowSlices
  readonly #range: number
  readonly #addresses: number
  readonly #sliceOfRow: number
  readonly #entries: number
  /** Where slices begin, for windows whose edges follow no rule; 0 for others. */
  readonly #edges: number
  readonly #template: number
  readonly #rows: { -readonly [K in keyof AbsorbedRows]: AbsorbedRows[K] }

  constructor(
    kernels: KernelExports,
    memory: LinearMemory,
    scope: ArenaScope,
    store: SliceStore,
    layout: RecordLayout,
    slices: WindowSlices,
    maxBatch: number,
  ) {
    this.#kernels = kernels
    this.#memory = memory
    this.#store = store
    this.#layout = layout
    this.#slices = slices
    this.#range = scope.allocate(16)
    this.#addresses = scope.allocate(maxBatch * 4)
    this.#sliceOfRow = scope.allocate(maxBatch * 4)
    this.#entries = scope.allocate(SPAN_LIMIT * SLICE_ENTRY_BYTES)
    this.#edges = slices.cuts === undefined ? scope.allocate(SPAN_LIMIT * 8) : 0
    this.#template = scope.allocate(layout.recordBytes)
    this.#memory.u8.set(layout.template, this.#template)
    this.#rows = { batch: NO_BATCH, addresses: this.#addresses, selection: 0, from: 0, to: 0, rank: 1 }
  }

  /**
   * Takes in the rows `from` … `to` - 1 of a selection (0: of the batch itself). `ids`: address of the key ids by row,
   * 0 without a key; all below `idLimit`.
   */
  absorb(
    batch: RecordBatch,
    time: number,
    selection: number,
    from: number,
    to: number,
    ids: number,
    idLimit: number,
  ): void {
    if (to <= from) return
    this.scan(time, selection, from, to)
    this.absorbScanned(batch, time, selection, from, to, ids, idLimit)
  }

  /**
   * Whether all times between the two fall into one slice at or after `bound`: then no row needs to be looked at, and
   * `absorbScanned` may follow.
   */
  isOneSlice({ least, greatest }: { readonly least: number; readonly greatest: number }, bound: number): boolean {
    if (!(least >= bound) || this.#slices.sliceOf(least) !== this.#slices.sliceOf(greatest)) return false
    this.#memory.f64[this.#range >>> 3] = least
    this.#memory.f64[(this.#range >>> 3) + 1] = greatest
    return true
  }

  /** Finds the least and greatest time of the rows; returns the least. `absorbScanned` builds on it. */
  scan(time: number, selection: number, from: number, to: number): number {
    this.#kernels.rangeF64(time, selection, from, to, this.#range)
    return this.#memory.f64[this.#range >>> 3]!
  }

  /** `absorb` of the very rows `scan` was just called with; at least one. */
  absorbScanned(
    batch: RecordBatch,
    time: number,
    selection: number,
    from: number,
    to: number,
    ids: number,
    idLimit: number,
  ): void {
    const first = this.#slices.sliceOf(this.#memory.f64[this.#range >>> 3]!)
    const last = this.#slices.sliceOf(this.#memory.f64[(this.#range >>> 3) + 1]!)
    if (first === last) this.#intoEntry(this.#store.obtain(first, idLimit).entry, selection, from, to, ids)
    else if (last - first < SPAN_LIMIT) this.#intoMany(first, last, time, selection, from, to, ids, idLimit)
    else {
      const middle = (from + to) >>> 1
      this.absorb(batch, time, selection, from, middle, ids, idLimit)
      this.absorb(batch, time, selection, middle, to, ids, idLimit)
      return
    }
    this.#accumulate(batch, selection, from, to)
  }

  /** Puts one row, at a position of a selection, into a slice that has room for its id. */
  addRow(slice: Slice, batch: RecordBatch, selection: number, at: number, ids: number): void {
    this.#intoEntry(slice.entry, selection, at, at + 1, ids)
    this.#accumulate(batch, selection, at, at + 1)
  }

  /** Makes the record at `record` that of one row alone. */
  setRecord(record: number, batch: RecordBatch, selection: number, at: number): void {
    this.clearRecord(record)
    this.#memory.f64[(record + RECORD_ROWS) >>> 3] = 1
    this.#memory.u32[this.#addresses >>> 2] = record
    this.#accumulate(batch, selection, at, at + 1)
  }

  /** Makes the record at `record` an empty one. */
  clearRecord(record: number): void {
    this.#layout.release(record)
    this.#memory.u8.copyWithin(record, this.#template, this.#template + this.#layout.recordBytes)
  }

  /** Arrival number of the first row of the batch. */
  get rank(): number {
    return this.#rows.rank
  }

  set rank(rank: number) {
    this.#rows.rank = rank
  }

  #accumulate(batch: RecordBatch, selection: number, from: number, to: number): void {
    const rows = this.#rows
    rows.batch = batch
    rows.selection = selection
    rows.from = from
    rows.to = to
    this.#layout.accumulate(rows)
  }

  #intoEntry(entry: number, selection: number, from: number, to: number, ids: number): void {
    const { recordBytes } = this.#layout
    if (ids === 0) this.#kernels.resolveOneSliceGlobal(entry, from, to, recordBytes, this.#addresses)
    else this.#kernels.resolveOneSlice(entry, ids, selection, from, to, recordBytes, this.#addresses)
  }

  #intoMany(
    first: number,
    last: number,
    time: number,
    selection: number,
    from: number,
    to: number,
    ids: number,
    idLimit: number,
  ): void {
    const k = this.#kernels
    const { recordBytes } = this.#layout
    const entries = this.#entries
    const span = last - first + 1
    this.#memory.u8.fill(0, entries, entries + span * SLICE_ENTRY_BYTES)
    this.#indexSlices(first, last, time, selection, from, to)
    for (let i = 0; i < span; i++) {
      const at = entries + i * SLICE_ENTRY_BYTES
      if (this.#memory.u32[at >>> 2] === 0) continue
      const { entry } = this.#store.obtain(first + i, idLimit)
      this.#memory.u8.copyWithin(at, entry, entry + SLICE_ENTRY_BYTES)
    }
    if (ids === 0) k.resolveSlicesGlobal(entries, this.#sliceOfRow, from, to, recordBytes, this.#addresses)
    else k.resolveSlices(entries, this.#sliceOfRow, ids, selection, from, to, recordBytes, this.#addresses)
    const { u32 } = this.#memory
    for (let i = 0; i < span; i++) {
      const at = (entries + i * SLICE_ENTRY_BYTES) >>> 2
      if (u32[at] !== 0) u32[(this.#store.find(first + i)!.entry + SLICE_COUNT) >>> 2] = u32[at + (SLICE_COUNT >>> 2)]!
    }
  }

  /** Says which of the slices `first` … `last` each row falls into, and marks the entries of those that get any. */
  #indexSlices(first: number, last: number, time: number, selection: number, from: number, to: number): void {
    const k = this.#kernels
    const entries = this.#entries
    const { cuts } = this.#slices
    if (cuts === undefined) {
      const { f64 } = this.#memory
      const edges = this.#edges >>> 3
      for (let slice = first + 1; slice <= last; slice++) f64[edges + slice - first - 1] = this.#slices.startMs(slice)
      k.sliceIndexEdges(time, selection, from, to, this.#edges, last - first, this.#sliceOfRow, entries)
      return
    }
    const { periodMs, offsetMs, remainderMs } = cuts
    if (remainderMs === 0) k.sliceIndex(time, selection, from, to, periodMs, offsetMs, first, this.#sliceOfRow, entries)
    else k.sliceIndexCut(time, selection, from, to, periodMs, offsetMs, remainderMs, first, this.#sliceOfRow, entries)
  }
}

const NO_BATCH: RecordBatch = {
  length: 0,
  columns: [],
  selection: 0,
  selectedCount: 0,
  origin: 0,
  watermarks: undefined,
}
