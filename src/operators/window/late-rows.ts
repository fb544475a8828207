import { RECORD_ROWS } from '../../../assembly/abi.ts'
import type { ArenaScope } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { Firing } from '../../time/lateness.ts'
import type { RecordLayout } from './record-layout.ts'
import type { SliceAbsorber } from './slice-absorber.ts'
import type { Slice, SlicePool } from './slice-pool.ts'
import type { SliceStore } from './slice-store.ts'
import type { WindowContent } from './window-content.ts'
import type { WindowEmitter } from './window-emitter.ts'
import type { WindowSlices } from './window-slices.ts'

/** Records one call combines. */
const MOST_COMBINED = 1024

/** What late rows are handled with. */
interface LateRowsParts {
  readonly memory: LinearMemory
  readonly scope: ArenaScope
  readonly windows: WindowSlices
  readonly pool: SlicePool
  readonly slices: SliceStore
  readonly content: WindowContent
  readonly absorber: SliceAbsorber
  readonly layout: RecordLayout
  readonly emitter: WindowEmitter
  readonly firing: Firing
  readonly timeColumn: number
  /** Hands on the watermark a row of the batch meets, before its results go out. false: downstream is full. */
  readonly forward: (row: number) => boolean
}

/**
 * Rows some windows of which have fired, one by one: windows that still take them fire again at once for the row's key,
 * and those that haven't fired yet get them for later. Can be stopped at every result.
 */
export class LateRows {
  readonly #parts: LateRowsParts
  readonly #record: number
  readonly #rowRecord: number
  readonly #id: number
  readonly #sources: number
  readonly #targets: number
  #batch: RecordBatch | undefined
  #rows = 0
  #at = 0
  #count = 0
  #ids = 0
  #idLimit = 0
  /** Windows from here on take rows at all, and from here on haven't fired. */
  #firstTaking = 0
  #firstOpen = 0
  /** The row at hand, while some of its windows have to fire again. */
  #row = 0
  #slice = 0
  #window = 0
  #lastFired = Number.NEGATIVE_INFINITY
  #isStored = true
  #hasRetracted = false
  /** Records of the value being put together: found so far, and those not combined yet. */
  #found = 0
  #pending = 0

  constructor(parts: LateRowsParts) {
    const { scope, layout } = parts
    this.#parts = parts
    this.#record = scope.allocate(layout.recordBytes)
    this.#rowRecord = scope.allocate(layout.recordBytes)
    this.#id = scope.allocate(4)
    this.#sources = scope.allocate(MOST_COMBINED * 4)
    this.#targets = scope.allocate(MOST_COMBINED * 4)
  }

  /** Starts on `count` rows of a batch, whose positions stand at `rows`. Nothing else may be under way. */
  begin(batch: RecordBatch, rows: number, count: number, ids: number, idLimit: number): void {
    this.#batch = batch
    this.#rows = rows
    this.#at = 0
    this.#count = count
    this.#ids = ids
    this.#idLimit = idLimit
  }

  /**
   * Goes on until all rows are through (true) or downstream is full (false).
   *
   * @param firstTaking The first window that takes rows.
   * @param firstOpen The first that hasn't fired. Both stay while rows are under way.
   */
  run(firstTaking: number, firstOpen: number): boolean {
    const batch = this.#batch
    if (batch === undefined) return true
    this.#firstTaking = firstTaking
    this.#firstOpen = firstOpen
    for (;;) {
      while (this.#window <= this.#lastFired) if (!this.#fireAgain()) return false
      if (!this.#isStored) this.#store(batch)
      if (this.#at === this.#count) {
        this.#batch = undefined
        return true
      }
      this.#beginRow(batch)
    }
  }

  /** Gives back what its records hold outside of themselves. */
  close(): void {
    const { layout } = this.#parts
    layout.release(this.#record)
    layout.release(this.#rowRecord)
  }

  #beginRow(batch: RecordBatch): void {
    const { memory, windows, timeColumn, firing, absorber } = this.#parts
    const row = memory.u32[(this.#rows >>> 2) + this.#at++]!
    this.#row = row
    this.#slice = windows.sliceOf(memory.f64[(batch.columns[timeColumn]!.values >>> 3) + row]!)
    memory.u32[this.#id >>> 2] = this.#ids === 0 ? 0 : memory.u32[(this.#ids >>> 2) + row]!
    this.#window = Math.max(windows.firstWindow(this.#slice), this.#firstTaking)
    this.#lastFired = Math.min(windows.lastWindow(this.#slice), this.#firstOpen - 1)
    this.#isStored = false
    if (firing === 'accumulating') this.#store(batch)
    else if (this.#window <= this.#lastFired) absorber.setRecord(this.#rowRecord, batch, this.#rows, this.#at - 1)
  }

  /** Puts the row where windows will look for it. */
  #store(batch: RecordBatch): void {
    const { windows, slices, content, absorber, firing } = this.#parts
    const add = (slice: Slice): void => absorber.addRow(slice, batch, this.#rows, this.#at - 1, this.#ids)
    this.#isStored = true
    const lastWindow = windows.lastWindow(this.#slice)
    if (lastWindow >= this.#firstOpen) content.addStraggler(this.#slice, this.#idLimit, add)
    else if (firing !== 'discarding' && windows.firstWindow(this.#slice) <= lastWindow)
      add(slices.obtain(this.#slice, this.#idLimit))
  }

  /** The next window of the row gives what it holds now, or first takes back what it held before. */
  #fireAgain(): boolean {
    const { windows, emitter, firing, forward } = this.#parts
    if (!forward(this.#row)) return false
    const window = this.#window
    const isRetraction = firing === 'retracting' && !this.#hasRetracted
    const record =
      firing === 'discarding' ? this.#rowRecord : this.#valueOf(window, firing === 'retracting' && !isRetraction)
    this.#hasRetracted = isRetraction
    if (!isRetraction) this.#window++
    if (record === 0) return true
    emitter.beginOne(windows.startMs(window), windows.endMs(window), record, this.#id, isRetraction)
    return emitter.emit()
  }

  /** Address of what a window holds for the row's key, `withRow` the row besides; 0 when that is nothing. */
  #valueOf(window: number, withRow: boolean): number {
    const { memory, windows, slices, pool } = this.#parts
    const id = memory.u32[this.#id >>> 2]!
    const last = windows.lastSlice(window)
    this.#found = 0
    this.#pending = 0
    for (let i = slices.positionFrom(windows.firstSlice(window)); i < slices.slices.length; i++) {
      const slice = slices.slices[i]!
      if (slice.index > last) break
      const record = pool.records(slice) + id * pool.recordBytes
      if (id < slice.capacity && memory.f64[(record + RECORD_ROWS) >>> 3] !== 0) this.#add(record)
    }
    if (withRow) this.#add(this.#rowRecord)
    if (this.#found > 1) this.#combine()
    return this.#found === 1 ? memory.u32[this.#sources >>> 2]! : this.#found === 0 ? 0 : this.#record
  }

  #add(record: number): void {
    const { memory, absorber } = this.#parts
    if (++this.#found === 2) absorber.clearRecord(this.#record)
    if (this.#pending === MOST_COMBINED) this.#combine()
    memory.u32[(this.#sources >>> 2) + this.#pending++] = record
  }

  #combine(): void {
    const { memory, layout } = this.#parts
    const sources = this.#sources >>> 2
    memory.u32.fill(this.#record, this.#targets >>> 2, (this.#targets >>> 2) + this.#pending)
    for (let i = 0; i < this.#pending; i++)
      memory.f64[(this.#record + RECORD_ROWS) >>> 3]! += memory.f64[(memory.u32[sources + i]! + RECORD_ROWS) >>> 3]!
    layout.combine(this.#targets, this.#sources, this.#pending)
    this.#pending = 0
  }
}
