import { type Arena, ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { Operator } from '../operator.ts'
import type { IdMarker, KeyIndex } from './key-index.ts'
import type { RecordLayout } from './record-layout.ts'
import { SliceAbsorber } from './slice-absorber.ts'
import { SliceStore } from './slice-store.ts'
import { type OutputColumn, WindowEmitter } from './window-emitter.ts'

export interface WindowAggregateOptions {
  readonly name: string
  readonly sizeMs: number
  readonly offsetMs: number
  readonly allowedLatenessMs: number
  readonly maxBatch: number
  /** Index of the event-time column. */
  readonly timeColumn: number
  readonly layout: RecordLayout
  /** Made with the operator's live ids, so that it can tell which of its keys are still needed. */
  readonly keys: (liveIds: IdMarker) => KeyIndex
  /** windowStart, windowEnd, keys, aggregates. */
  readonly columns: readonly OutputColumn[]
  readonly keyCount: number
}

/**
 * Keyed event-time aggregation over tumbling windows (Flink's semantics): a window [start, end) fires when the watermark
 * reaches end - 1, stays for the allowed lateness, and a row that comes after that is dropped and counted. A row within
 * the lateness of a window that has fired makes that window fire again at once, for its key, with the new value.
 *
 * The watermark is as of each row: a batch is cut at the rows where the watermark crosses the end of a window, and each
 * piece goes through the kernels whole. In-order input crosses a boundary once per window, so it pays for one scan.
 */
export class WindowAggregateOperator implements Operator {
  readonly name: string
  rowsIn = 0
  /** Rows no window took because they came too late. */
  lateRows = 0
  readonly #memory: LinearMemory
  readonly #scope: ArenaScope
  readonly #kernels: KernelExports
  readonly #next: Operator
  readonly #options: WindowAggregateOptions
  readonly #store: SliceStore
  readonly #absorber: SliceAbsorber
  readonly #keys: KeyIndex
  readonly #emitter: WindowEmitter
  /** Selections a late row makes necessary: rows of open windows, rows of fired ones, rows that are dropped. */
  readonly #open: number
  readonly #fired: number
  readonly #late: number

  #watermark = Number.NEGATIVE_INFINITY
  /** Where the rows taken in so far lead the watermark, once what they set off has been emitted. */
  #reached = Number.NEGATIVE_INFINITY
  /** Windows whose end is at most this have fired. */
  #firedThrough = Number.NEGATIVE_INFINITY
  #forwarded = Number.NEGATIVE_INFINITY
  #batch: RecordBatch | undefined
  #ids = 0
  /** Next row of the batch, as a position in its selection and in the source of its watermarks. */
  #cursor = 0
  #sourceRow = 0
  /** Rows of fired windows that wait to make their window fire again, as a range of `#fired`. */
  #refireBatch: RecordBatch | undefined
  #refireAt = 0
  #refireCount = 0

  constructor(kernels: KernelExports, arena: Arena, next: Operator, options: WindowAggregateOptions) {
    const { layout, maxBatch } = options
    this.name = options.name
    this.#kernels = kernels
    this.#scope = new ArenaScope(arena)
    this.#memory = arena.memory
    this.#next = next
    this.#options = options
    this.#store = new SliceStore(kernels, arena, layout.recordBytes)
    this.#absorber = new SliceAbsorber(kernels, arena.memory, this.#scope, this.#store, layout, options)
    this.#keys = options.keys(this.#store.liveIds)
    this.#emitter = new WindowEmitter(kernels, this.#scope, { ...options, keys: this.#keys, next }, maxBatch)
    this.#open = this.#scope.allocate(maxBatch * 4)
    this.#fired = this.#scope.allocate(maxBatch * 4)
    this.#late = this.#scope.allocate(maxBatch * 4)
  }

  get rowsOut(): number {
    return this.#emitter.rowsOut
  }

  notes(): readonly string[] {
    const { layout, sizeMs, allowedLatenessMs } = this.#options
    const kernels = [...this.#keys.kernels, 'resolveOneSlice', ...layout.kernels]
    const windows = allowedLatenessMs === 0 ? 'open window' : 'open or late window'
    const kept = Math.ceil(allowedLatenessMs / sizeMs)
    return [
      `kernels ${kernels.join(', ')}`,
      `state: ${layout.recordBytes} bytes per key and ${windows}; a window closes when the watermark passes its end${kept > 0 ? `, and stays for ${kept} more` : ''}`,
    ]
  }

  process(batch: RecordBatch): boolean {
    if (batch.selectedCount === 0) return true
    this.rowsIn += batch.selectedCount
    this.#batch = batch
    this.#ids = this.#keys.assign(batch)
    this.#cursor = 0
    this.#sourceRow = 0
    return this.#run()
  }

  advanceWatermark(watermark: number): boolean {
    if (watermark > this.#reached) this.#reached = watermark
    return this.#run()
  }

  resume(): boolean {
    return this.#next.resume() && this.#run()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#keys.markCodes(dictionary, this.#store.liveIds, mark)
    const { layout } = this.#options
    if (layout.holdsCodesOf(dictionary)) {
      this.#store.eachRecord(record => layout.markCodes(dictionary, this.#memory, record, mark))
    }
    this.#emitter.markCodes(dictionary, this.#memory.u32, mark)
    this.#next.markCodes(dictionary, mark)
  }

  close(): void {
    this.#store.close()
    this.#keys.close()
    this.#scope.release()
    this.#next.close()
  }

  /** Does all there is to do: emissions first, then the next piece of the batch. false: downstream is full. */
  #run(): boolean {
    for (;;) {
      if (!this.#emitter.emit() || !this.#refire()) return false
      if (this.#reached > this.#watermark) this.#watermark = this.#reached
      if (!this.#fire()) return false
      if (this.#batch === undefined) return this.#forward()
      this.#absorbPiece(this.#batch)
    }
  }

  /** Takes in the rows up to the one at which the watermark crosses the next boundary. */
  #absorbPiece(batch: RecordBatch): void {
    const track = batch.watermarks
    const from = this.#cursor
    let to = batch.selectedCount
    let stop = -1
    if (track !== undefined) {
      stop = track.firstRowReaching(this.#nextBoundary(), this.#sourceRow)
      if (stop < track.length) to = this.#positionAfter(batch, stop, from)
      else stop = -1
    }
    this.#absorb(batch, from, to)
    this.#cursor = to
    if (stop >= 0) {
      this.#sourceRow = stop + 1
      this.#reached = Math.max(this.#reached, track!.after(stop))
    }
    if (to >= batch.selectedCount) this.#batch = undefined
  }

  /** First position of the selection, from `from` on, whose row stems from a source row after `sourceRow`. */
  #positionAfter(batch: RecordBatch, sourceRow: number, from: number): number {
    const { selection, origin, selectedCount } = batch
    if (selection === 0 && origin === 0) return Math.max(from, Math.min(sourceRow + 1, selectedCount))
    const { u32 } = this.#memory
    let low = from
    let high = selectedCount
    while (low < high) {
      const middle = (low + high) >>> 1
      const row = selection === 0 ? middle : u32[(selection >>> 2) + middle]!
      const source = origin === 0 ? row : u32[(origin >>> 2) + row]!
      if (source <= sourceRow) low = middle + 1
      else high = middle
    }
    return low
  }

  #absorb(batch: RecordBatch, from: number, to: number): void {
    if (to <= from) return
    const time = batch.columns[this.#options.timeColumn]!.values
    const { selection } = batch
    const openBound = this.#firstOpenStart(0)
    const idLimit = this.#keys.idLimit
    if (batch.watermarks !== undefined && this.#absorber.isOneSlice(batch.watermarks, openBound)) {
      this.#absorber.absorbScanned(batch, time, selection, from, to, this.#ids, idLimit)
      return
    }
    if (this.#absorber.scan(time, selection, from, to) >= openBound) {
      this.#absorber.absorbScanned(batch, time, selection, from, to, this.#ids, idLimit)
      return
    }
    const k = this.#kernels
    const open = k.splitLate(time, selection, from, to, openBound, this.#open, this.#fired)
    const behind = to - from - open
    const allowed = k.splitLate(
      time,
      this.#fired,
      0,
      behind,
      this.#firstOpenStart(this.#options.allowedLatenessMs),
      this.#fired,
      this.#late,
    )
    this.lateRows += behind - allowed
    this.#absorber.absorb(batch, time, this.#open, 0, open, this.#ids, idLimit)
    if (allowed === 0) return
    this.#refireBatch = batch
    this.#refireAt = 0
    this.#refireCount = allowed
  }

  /** Adds rows of windows that have fired one by one: each makes its window fire again for its key. */
  #refire(): boolean {
    const batch = this.#refireBatch
    if (batch === undefined) return true
    const { timeColumn, sizeMs, offsetMs } = this.#options
    const time = batch.columns[timeColumn]!.values
    while (this.#refireAt < this.#refireCount) {
      if (!this.#forward()) return false
      const at = this.#refireAt++
      const row = this.#memory.u32[(this.#fired >>> 2) + at]!
      this.#absorber.absorb(batch, time, this.#fired, at, at + 1, this.#ids, this.#keys.idLimit)
      const index = this.#absorber.sliceOf(this.#memory.f64[(time >>> 3) + row]!)
      const slice = this.#store.find(index)!
      const startMs = index * sizeMs + offsetMs
      this.#memory.u32[this.#late >>> 2] = this.#ids === 0 ? 0 : this.#memory.u32[(this.#ids >>> 2) + row]!
      this.#emitter.begin(startMs, startMs + sizeMs, this.#store.records(slice), this.#late, 1)
      if (!this.#emitter.emit()) return false
    }
    this.#refireBatch = undefined
    return true
  }

  /** Fires the windows the watermark has reached, oldest first, and frees those past their lateness. */
  #fire(): boolean {
    const { sizeMs, offsetMs, allowedLatenessMs } = this.#options
    const watermark = this.#watermark
    for (const slice of this.#store.slices) {
      const startMs = slice.index * sizeMs + offsetMs
      const endMs = startMs + sizeMs
      if (endMs - 1 > watermark) break
      if (endMs <= this.#firedThrough) continue
      this.#firedThrough = endMs
      this.#emitter.begin(
        startMs,
        endMs,
        this.#store.records(slice),
        this.#store.touched(slice),
        this.#store.count(slice),
      )
      if (!this.#emitter.emit()) return false
    }
    const { slices } = this.#store
    while (slices.length > 0 && slices[0]!.index * sizeMs + offsetMs + sizeMs - 1 + allowedLatenessMs <= watermark) {
      this.#store.closeFirst()
    }
    this.#firedThrough = Math.max(this.#firedThrough, this.#firstOpenStart(0))
    return this.#batch === undefined || this.#forward()
  }

  #forward(): boolean {
    if (this.#forwarded === this.#watermark) return true
    this.#forwarded = this.#watermark
    return this.#next.advanceWatermark(this.#watermark)
  }

  /** Least window start that isn't past its end plus lateness at the present watermark: earlier rows have no window. */
  #firstOpenStart(latenessMs: number): number {
    const { sizeMs, offsetMs } = this.#options
    if (!Number.isFinite(this.#watermark)) return this.#watermark
    return Math.floor((this.#watermark + 1 - latenessMs - offsetMs) / sizeMs) * sizeMs + offsetMs
  }

  /** The next watermark at which some window fires or is freed. */
  #nextBoundary(): number {
    const { sizeMs, allowedLatenessMs } = this.#options
    if (!Number.isFinite(this.#watermark)) return this.#watermark
    const fires = this.#firstOpenStart(0) + sizeMs - 1
    if (allowedLatenessMs === 0) return fires
    return Math.min(fires, this.#firstOpenStart(allowedLatenessMs) + sizeMs - 1 + allowedLatenessMs)
  }
}
