import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../../checkpoint/stateful.ts'
import { checkpointBusy } from '../../errors.ts'
import { type Arena, ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { Firing } from '../../time/lateness.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { Operator } from '../operator.ts'
import { WatermarkProgress } from '../watermark-progress.ts'
import { BatchPieces } from './batch-pieces.ts'
import type { OutputColumn } from './emitted-batch.ts'
import type { Ranking } from './firing-order.ts'
import type { IdMarker, KeyIndex } from './key-index.ts'
import { LateRows } from './late-rows.ts'
import type { RecordLayout } from './record-layout.ts'
import { RowWatermarks } from './row-watermarks.ts'
import { RowsTooLate, rowsOfWindows, type SendLate } from './rows-too-late.ts'
import { SliceAbsorber } from './slice-absorber.ts'
import { SliceCombiner } from './slice-combiner.ts'
import { sliceNotes } from './slice-notes.ts'
import { type Slice, SlicePool } from './slice-pool.ts'
import { SliceStore } from './slice-store.ts'
import { WindowContent } from './window-content.ts'
import { WindowEmitter } from './window-emitter.ts'
import type { WindowSlices } from './window-slices.ts'

export interface WindowAggregateOptions {
  readonly name: string
  readonly windows: WindowSlices
  readonly allowedLatenessMs: number
  readonly firing: Firing
  /** Whether every row makes its windows fire, instead of their ends. */
  readonly firesOnUpdate: boolean
  /** Takes the rows no window takes, and is asked to go on when this operator is; without it they are dropped and counted. */
  readonly sendLate: SendLate | undefined
  readonly maxBatch: number
  /** Index of the event-time column. */
  readonly timeColumn: number
  readonly layout: RecordLayout
  /** Made with the operator's live ids, so that it can tell which of its keys are still needed. */
  readonly keys: (liveIds: IdMarker) => KeyIndex
  /** windowStart, windowEnd, keys, aggregates, and whether a row is a retraction when firings retract. */
  readonly columns: readonly OutputColumn[]
  readonly keyCount: number
  /** Whether a step behind has to know when a firing is over. */
  readonly tellsFirings: boolean
  /** Which aggregates say where in a window its keys come; left out: they come as they came up. */
  readonly ranking?: Ranking | undefined
  /** Which windows of what: the state of others is of no use. */
  readonly shape: string
}

/**
 * Keyed event-time aggregation over tumbling, hopping, cumulating and calendar windows (Flink's semantics): a window [start, end)
 * fires when the watermark reaches end - 1 and stays for the allowed lateness. A row that comes later than that is late
 * for this window; when no window takes it, it is dropped and counted. A row within the lateness of a window that has
 * fired makes that window fire again at once, for its key. Windows fire in order of their ends, keys in order of their
 * first appearance by slice, late ones last.
 *
 * Rows go into slices, once each, however many windows they belong to; windows are put together when they fire. The
 * watermark is as of each row: a batch is cut at the rows where the watermark crosses the end of a window, and each
 * piece goes through the kernels whole. In-order input crosses a boundary once per window, so it pays for one scan.
 */
export class WindowAggregateOperator implements Operator, Stateful {
  readonly name: string
  rowsIn = 0
  readonly #memory: LinearMemory
  readonly #scope: ArenaScope
  readonly #kernels: KernelExports
  readonly #next: Operator
  readonly #options: WindowAggregateOptions
  readonly #windows: WindowSlices
  readonly #pool: SlicePool
  readonly #content: WindowContent
  readonly #absorber: SliceAbsorber
  readonly #combiner: SliceCombiner
  readonly #slices: SliceStore
  readonly #pieces: BatchPieces
  readonly #lateRows: LateRows
  /** What late rows meet: windows below go by it, whose ends are none of this one's boundaries. */
  readonly #met: RowWatermarks
  readonly #keys: KeyIndex
  readonly #liveIds: IdMarker
  readonly #emitter: WindowEmitter
  /** Selections a late row makes necessary: rows of open windows, rows of fired ones. */
  readonly #open: number
  readonly #fired: number
  readonly #late: RowsTooLate

  readonly #watermark: WatermarkProgress
  /** The first window that has not fired at the watermark; Infinity when every row makes its windows fire. */
  #firstOpen = Number.NEGATIVE_INFINITY
  /** While windows fire: the first that may still have to. */
  #nextToFire = Number.NEGATIVE_INFINITY
  #batch: RecordBatch | undefined
  #batchRows = 0
  #ids = 0

  constructor(kernels: KernelExports, arena: Arena, next: Operator, options: WindowAggregateOptions) {
    const { layout, maxBatch, windows, firing, firesOnUpdate, allowedLatenessMs, timeColumn } = options
    const { memory } = arena
    this.name = options.name
    this.#kernels = kernels
    const scope = new ArenaScope(arena)
    this.#scope = scope
    this.#memory = memory
    this.#next = next
    this.#watermark = new WatermarkProgress(next)
    this.#options = options
    this.#windows = windows
    const pool = new SlicePool(kernels, arena, layout)
    const slices = new SliceStore(pool)
    const combiner = new SliceCombiner(kernels, scope, pool, layout, maxBatch)
    const keepsSlices = (allowedLatenessMs > 0 || firesOnUpdate) && firing !== 'discarding'
    if (firesOnUpdate) this.#firstOpen = Number.POSITIVE_INFINITY
    const content = new WindowContent(windows, slices, pool, combiner, keepsSlices)
    const absorber = new SliceAbsorber(kernels, memory, scope, slices, layout, windows, maxBatch)
    this.#pool = pool
    this.#content = content
    this.#absorber = absorber
    this.#combiner = combiner
    this.#slices = slices
    this.#pieces = new BatchPieces(memory, timeColumn)
    this.#liveIds = mark => {
      content.liveIds(mark)
      layout.markIds(mark)
    }
    this.#keys = options.keys(this.#liveIds)
    const forwarded = options.tellsFirings ? () => this.#watermark.forwarded : undefined
    const emitter = new WindowEmitter(kernels, scope, { ...options, keys: this.#keys, next, forwarded }, maxBatch)
    this.#emitter = emitter
    this.#met = new RowWatermarks(memory)
    const forward = (row: number): boolean => this.#watermark.forward(this.#met.atRow(row))
    this.#lateRows = new LateRows({
      memory,
      scope,
      windows,
      pool,
      slices,
      content,
      absorber,
      layout,
      emitter,
      firing,
      timeColumn,
      forward,
    })
    this.#open = scope.allocate(maxBatch * 4)
    this.#fired = scope.allocate(maxBatch * 4)
    this.#late = new RowsTooLate(memory, scope, maxBatch, options.sendLate)
  }

  get rowsOut(): number {
    return this.#emitter.rowsOut
  }

  get lateRows(): number {
    return this.#late.counted
  }

  notes(): readonly string[] {
    return sliceNotes(this.#options, this.#keys.kernels)
  }

  process(batch: RecordBatch): boolean {
    if (batch.selectedCount === 0) return true
    this.rowsIn += batch.selectedCount
    this.#absorber.rank += this.#batchRows
    this.#batchRows = batch.length
    this.#batch = batch
    this.#ids = this.#keys.assign(batch)
    this.#met.begin(batch, this.#watermark.at)
    this.#pieces.begin()
    return this.#run()
  }

  /**
   * Takes in records of one slice that were made elsewhere, of rows that came when the windows that have fired here had
   * fired there, and no others. The first columns of the batch is where the keys are looked for.
   */
  takeIn(batch: RecordBatch, slice: number): void {
    const ids = this.#keys.assign(batch)
    const { idLimit } = this.#keys
    const add = (to: Slice): void => this.#combiner.combineRecords(to, ids, batch.selectedCount, batch.records!)
    if (this.#windows.firstWindow(slice) >= this.#firstOpen) add(this.#slices.obtain(slice, idLimit))
    else this.#content.addStraggler(slice, idLimit, add)
  }

  advanceWatermark(watermark: number): boolean {
    this.#watermark.reach(watermark)
    return this.#run()
  }

  nextFiring(): number {
    const next = this.#next.nextFiring()
    if (this.#options.firesOnUpdate) return next
    return Math.min(next, this.#windows.endMs(this.#nextWithRows(this.#firstOpen)) - 1)
  }

  resume(): boolean {
    return this.#next.resume() && this.#run()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#keys.markCodes(dictionary, this.#liveIds, mark)
    const { layout } = this.#options
    if (layout.holdsCodesOf(dictionary)) {
      this.#content.eachRecord(record => layout.markCodes(dictionary, record, mark))
    }
    this.#emitter.markCodes(dictionary, this.#memory.u32, mark)
    this.#next.markCodes(dictionary, mark)
  }

  snapshot(writer: StateWriter): void {
    if (this.#batch !== undefined || this.#emitter.pending) throw checkpointBusy(`${this.name} is in a batch`)
    writer.text(this.#options.shape)
    const { at, reached, forwarded } = this.#watermark
    for (const time of [at, reached, this.#firstOpen, this.#nextToFire, forwarded]) writer.f64(time)
    writer.f64(this.#absorber.rank + this.#batchRows)
    this.#keys.snapshot(writer)
    this.#content.snapshot(writer)
    this.#options.layout.snapshotForevers(writer)
  }

  restore(reader: StateReader): void {
    reader.expect(this.#options.shape)
    const watermark = this.#watermark
    // Of several parts, the ones behind hadn't been told: nothing of theirs fires before.
    watermark.goTo(reader.time())
    watermark.reach(reader.time())
    this.#firstOpen = Math.max(this.#firstOpen, reader.time())
    this.#nextToFire = Math.max(this.#nextToFire, reader.time())
    watermark.forwarded = Math.max(watermark.forwarded, reader.time())
    this.#absorber.rank = Math.max(this.#absorber.rank, reader.integer())
    const keys = this.#keys.restore(reader)
    this.#content.restore(reader, keys)
    this.#options.layout.restoreForevers(reader, keys)
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  close(): void {
    this.#lateRows.close()
    this.#pool.close()
    this.#options.layout.close()
    this.#keys.close()
    this.#scope.release()
    this.#next.close()
  }

  /** Does all there is to do: emissions first, then the next piece of the batch. false: downstream is full. */
  #run(): boolean {
    for (;;) {
      if (!this.#emitter.emit() || !this.#late.flush()) return false
      if (!this.#lateRows.run(this.#firstTaking(), this.#firstOpen)) return false
      this.#watermark.arrive()
      if (!this.#fire()) return false
      if (this.#batch === undefined) return this.#watermark.forward()
      this.#absorbPiece(this.#batch)
    }
  }

  /** Takes in the rows up to the one at which the watermark crosses the next boundary. */
  #absorbPiece(batch: RecordBatch): void {
    const pieces = this.#pieces
    pieces.cut(batch, this.#nextBoundary(), this.#options.firesOnUpdate)
    this.#absorb(batch, pieces.from, pieces.to)
    this.#watermark.reach(pieces.watermark)
    if (pieces.to >= batch.selectedCount) this.#batch = undefined
  }

  #absorb(batch: RecordBatch, from: number, to: number): void {
    if (to <= from) return
    const time = batch.columns[this.#options.timeColumn]!.values
    const { selection } = batch
    const openBound = this.#windows.endMs(this.#firstOpen - 1)
    const idLimit = this.#keys.idLimit
    const absorber = this.#absorber
    if (batch.watermarks !== undefined && absorber.isOneSlice(batch.watermarks, openBound)) {
      absorber.absorbScanned(batch, time, selection, from, to, this.#ids, idLimit)
      return
    }
    if (absorber.scan(time, selection, from, to) >= openBound) {
      absorber.absorbScanned(batch, time, selection, from, to, this.#ids, idLimit)
      return
    }
    const k = this.#kernels
    const open = k.splitLate(time, selection, from, to, openBound, this.#open, this.#fired)
    const behind = to - from - open
    const takenBound = this.#windows.startMs(this.#firstTaking())
    const late = this.#late.positions
    const taken = k.splitLate(time, this.#fired, 0, behind, takenBound, this.#fired, late)
    absorber.absorb(batch, time, this.#open, 0, open, this.#ids, idLimit)
    if (taken > 0) this.#lateRows.begin(batch, this.#fired, taken, this.#ids, idLimit)
    this.#late.add(late, rowsOfWindows(this.#windows, this.#memory, time, late, behind - taken))
  }

  /** Fires the windows the watermark has reached, in order of their ends, and frees what no window needs any more. */
  #fire(): boolean {
    const windows = this.#windows
    const firstOpen = windows.firstOpen(this.#watermark.at)
    if (this.#options.firesOnUpdate) {
      const firstTaking = this.#firstTaking()
      this.#content.closeBefore(firstTaking, firstTaking)
    } else if (firstOpen > this.#firstOpen) {
      while (this.#nextToFire < firstOpen) {
        const window = this.#nextWithRows(this.#nextToFire)
        if (window >= firstOpen) break
        if (!this.#watermark.forwardBefore(windows.endMs(window) - 1)) return false
        this.#nextToFire = window + 1
        const content = this.#content.of(window)
        this.#emitter.begin(
          windows.startMs(window),
          windows.endMs(window),
          this.#pool.records(content),
          this.#pool.touched(content),
          this.#pool.count(content),
        )
        if (!this.#emitter.emit()) return false
      }
      this.#nextToFire = firstOpen
      this.#firstOpen = firstOpen
      this.#content.closeBefore(firstOpen, this.#firstTaking())
    }
    return this.#batch === undefined || this.#watermark.forward()
  }

  /** The first window from `window` on that has rows; Infinity when none has. */
  #nextWithRows(window: number): number {
    const windows = this.#windows
    let slice = this.#content.nextSlice(windows.firstSlice(window))
    while (windows.hasGaps && windows.firstWindow(slice) > windows.lastWindow(slice))
      slice = this.#content.nextSlice(slice + 1)
    return Math.max(window, windows.firstWindow(slice))
  }

  /** The first window that is not past its end plus lateness at the present watermark. */
  #firstTaking(): number {
    return this.#windows.firstOpen(this.#watermark.at - this.#options.allowedLatenessMs)
  }

  /** The next watermark at which some window fires or takes no more rows. */
  #nextBoundary(): number {
    if (!Number.isFinite(this.#watermark.at)) return this.#watermark.at
    const { allowedLatenessMs, firesOnUpdate } = this.#options
    const fires = this.#windows.endMs(this.#firstOpen) - 1
    if (allowedLatenessMs === 0 && !firesOnUpdate) return fires
    return Math.min(fires, this.#windows.endMs(this.#firstTaking()) - 1 + allowedLatenessMs)
  }
}
