import { type Arena, ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { Operator } from '../operator.ts'
import { BatchPieces } from './batch-pieces.ts'
import { EmittedBatch, type OutputColumn } from './emitted-batch.ts'
import type { IdMarker, KeyIndex } from './key-index.ts'
import { KeyTurnover } from './key-turnover.ts'
import type { RecordLayout } from './record-layout.ts'
import { RowsTooLate, rowsOfWindows } from './rows-too-late.ts'
import { SliceAbsorber } from './slice-absorber.ts'
import { sliceNotes } from './slice-notes.ts'
import { type Slice, SlicePool } from './slice-pool.ts'
import { SliceStore } from './slice-store.ts'
import type { WindowSlices } from './window-slices.ts'

/** Who gets the records of slices, to put them together with those of others. Never full: it waits. */
export interface PartialTarget {
  /**
   * Takes a batch of one slice: the number of the slice, the keys, and a record each, which nobody writes to meanwhile.
   *
   * @param after The end of the window that has to have fired before; -Infinity: none has to.
   */
  take(batch: RecordBatch, after: number): void
  /** Something was given that no window waits for yet. */
  givenEarly(): void
  /** The watermark has come to where windows fire; all records of these have been given. */
  advanceWatermark(watermark: number): void
  close(): void
}

interface PartialWindowOptions {
  readonly name: string
  readonly windows: WindowSlices
  readonly maxBatch: number
  /** Index of the event-time column. */
  readonly timeColumn: number
  readonly layout: RecordLayout
  readonly keys: (liveIds: IdMarker) => KeyIndex
  /** The number of the slice, and the keys. */
  readonly columns: readonly OutputColumn[]
}

/**
 * The first half of a window operator that is one of several: each aggregates some of the rows by slice and key, and hands
 * the records on to where those of all are put together and windows fire. Which windows take a row hangs on the watermark
 * as of the row, which is that of all rows, so each gives its records along with what had fired when their rows came.
 *
 * Where keys come and go, records are given before they are wanted: they are put together while rows come, not all at once
 * when a window ends, and the keys here stay few.
 */
export class PartialWindowOperator implements Operator {
  readonly name: string
  rowsIn = 0
  /** Records given. */
  rowsOut = 0
  readonly #memory: LinearMemory
  readonly #scope: ArenaScope
  readonly #kernels: KernelExports
  readonly #target: PartialTarget
  readonly #options: PartialWindowOptions
  readonly #windows: WindowSlices
  readonly #pool: SlicePool
  readonly #slices: SliceStore
  readonly #absorber: SliceAbsorber
  readonly #pieces: BatchPieces
  readonly #keys: KeyIndex
  readonly #turnover: KeyTurnover
  readonly #batch: EmittedBatch
  readonly #addresses: number
  readonly #taken: number
  readonly #late: RowsTooLate
  #watermark = Number.NEGATIVE_INFINITY
  /** The first window that has not fired. */
  #firstOpen = Number.NEGATIVE_INFINITY
  #ids = 0

  constructor(kernels: KernelExports, arena: Arena, target: PartialTarget, options: PartialWindowOptions) {
    const { layout, maxBatch, windows, timeColumn, columns } = options
    const { memory } = arena
    const scope = new ArenaScope(arena)
    this.name = options.name
    this.#options = options
    this.#memory = memory
    this.#scope = scope
    this.#kernels = kernels
    this.#target = target
    this.#windows = windows
    this.#pool = new SlicePool(kernels, arena, layout)
    this.#slices = new SliceStore(this.#pool)
    this.#absorber = new SliceAbsorber(kernels, memory, scope, this.#slices, layout, windows, maxBatch)
    this.#pieces = new BatchPieces(memory, timeColumn)
    this.#keys = options.keys(this.#slices.liveIds)
    this.#turnover = new KeyTurnover(maxBatch, () => this.#records())
    this.#batch = new EmittedBatch(scope, columns, maxBatch)
    this.#batch.records = scope.allocate(maxBatch * layout.recordBytes)
    this.#addresses = scope.allocate(maxBatch * 4)
    this.#taken = scope.allocate(maxBatch * 4)
    this.#late = new RowsTooLate(memory, scope, maxBatch, undefined)
  }

  get lateRows(): number {
    return this.#late.counted
  }

  notes(): readonly string[] {
    return sliceNotes({ ...this.#options, allowedLatenessMs: 0, firing: 'accumulating' }, this.#keys.kernels)
  }

  process(batch: RecordBatch): boolean {
    if (batch.selectedCount === 0) return true
    this.rowsIn += batch.selectedCount
    this.#ids = this.#keys.assign(batch)
    const pieces = this.#pieces
    pieces.begin()
    do {
      pieces.cut(batch, this.#windows.endMs(this.#firstOpen) - 1, false)
      this.#absorb(batch, pieces.from, pieces.to)
      this.advanceWatermark(pieces.watermark)
    } while (pieces.to < batch.selectedCount)
    if (this.#turnover.follow(batch.selectedCount)) {
      this.giveAll()
      this.#target.givenEarly()
    }
    return true
  }

  advanceWatermark(watermark: number): boolean {
    if (watermark <= this.#watermark) return true
    this.#watermark = watermark
    const firstOpen = this.#windows.firstOpen(watermark)
    if (firstOpen <= this.#firstOpen) return true
    this.#giveBefore(firstOpen)
    this.#firstOpen = firstOpen
    this.#target.advanceWatermark(watermark)
    return true
  }

  /** Gives everything there is, whether it is wanted yet or not. Between two batches. */
  giveAll(): void {
    this.#giveBefore(Number.POSITIVE_INFINITY)
  }

  nextFiring(): number {
    return Number.POSITIVE_INFINITY
  }

  resume(): boolean {
    return true
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#keys.markCodes(dictionary, this.#slices.liveIds, mark)
  }

  close(): void {
    this.#pool.close()
    this.#options.layout.close()
    this.#keys.close()
    this.#scope.release()
    this.#target.close()
  }

  #absorb(batch: RecordBatch, from: number, to: number): void {
    if (to <= from) return
    const time = batch.columns[this.#options.timeColumn]!.values
    const { selection, watermarks } = batch
    const { idLimit } = this.#keys
    const absorber = this.#absorber
    const bound = this.#windows.startMs(this.#firstOpen)
    if (
      (watermarks !== undefined && absorber.isOneSlice(watermarks, bound)) ||
      absorber.scan(time, selection, from, to) >= bound
    ) {
      absorber.absorbScanned(batch, time, selection, from, to, this.#ids, idLimit)
      return
    }
    const late = this.#late.positions
    const taken = this.#kernels.splitLate(time, selection, from, to, bound, this.#taken, late)
    absorber.absorb(batch, time, this.#taken, 0, taken, this.#ids, idLimit)
    this.#late.add(late, rowsOfWindows(this.#windows, this.#memory, time, late, to - from - taken))
  }

  /** Gives the slices that windows before `firstOpen` have. */
  #giveBefore(firstOpen: number): void {
    const windows = this.#windows
    const { slices } = this.#slices
    let given = 0
    for (; given < slices.length && windows.firstWindow(slices[given]!.index) < firstOpen; given++) {
      const slice = slices[given]!
      const first = Math.max(windows.firstWindow(slice.index), this.#firstOpen)
      if (first > windows.lastWindow(slice.index)) continue
      const isStraggling = windows.firstWindow(slice.index) < this.#firstOpen
      this.#give(slice, isStraggling ? windows.endMs(this.#firstOpen - 1) : Number.NEGATIVE_INFINITY)
    }
    if (given === 0) return
    this.#slices.closeBefore(slices[given]?.index ?? Number.POSITIVE_INFINITY)
    this.#turnover.given()
  }

  /** Records there are, of all slices. */
  #records(): number {
    let records = 0
    for (const slice of this.#slices.slices) records += this.#pool.count(slice)
    return records
  }

  #give(slice: Slice, after: number): void {
    const k = this.#kernels
    const { maxBatch, columns, layout } = this.#options
    const batch = this.#batch
    const touched = this.#pool.touched(slice)
    const total = this.#pool.count(slice)
    for (let at = 0; at < total; at += maxBatch) {
      const count = Math.min(maxBatch, total - at)
      const ids = touched + at * 4
      k.fillF64(batch.columns[0]!.values, count, slice.index)
      for (let key = 1; key < columns.length; key++) this.#keys.writeKeys(ids, count, key - 1, batch.columns[key]!)
      k.recordAddresses(this.#pool.records(slice), ids, count, layout.recordBytes, this.#addresses)
      k.gatherRecords(this.#addresses, count, layout.recordBytes, batch.records)
      batch.hold(count)
      this.rowsOut += count
      this.#target.take(batch, after)
    }
  }
}
