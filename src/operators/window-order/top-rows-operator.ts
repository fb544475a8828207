import { ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { Operator } from '../operator.ts'
import { RowWatermarks } from '../window/row-watermarks.ts'
import type { WindowOperator } from '../window/window-operator.ts'
import type { WindowSlices } from '../window/window-slices.ts'
import { OpenWindows, type OrderOptions } from './open-windows.ts'

export interface TopRowsOptions extends OrderOptions {
  readonly name: string
  readonly windows: WindowSlices
  /** Index of the event-time column. */
  readonly timeColumn: number
  /** Takes the rows no window takes, as positions of the batch being processed; without it they are counted. */
  readonly sendLate: ((selection: number, count: number) => boolean) | undefined
}

/**
 * The first rows of each window and key in an order, whole. Windows close in order of their ends when the watermark, as of
 * each row, reaches their last millisecond; a row whose windows have all closed is late. Rows are looked at one by one for
 * where they belong and kept only if they may be among the first, so state is what is kept.
 */
export class TopRowsOperator implements WindowOperator {
  readonly name: string
  rowsIn = 0
  lateRows = 0
  readonly #options: TopRowsOptions
  readonly #slices: WindowSlices
  readonly #windows: OpenWindows
  readonly #next: Operator
  readonly #scope: ArenaScope
  readonly #memory: LinearMemory
  readonly #marks: RowWatermarks
  readonly #positions: number
  readonly #late: number
  #lateCount = 0
  #batch: RecordBatch | undefined
  #ids = 0
  #cursor = 0
  #watermark = Number.NEGATIVE_INFINITY
  /** Where the rows taken in so far lead the watermark. */
  #reached = Number.NEGATIVE_INFINITY
  #forwarded = Number.NEGATIVE_INFINITY

  constructor(options: TopRowsOptions) {
    const { arena, maxBatch } = options.context
    this.name = options.name
    this.#options = options
    this.#slices = options.windows
    this.#next = options.next
    this.#memory = arena.memory
    this.#scope = new ArenaScope(arena)
    this.#positions = this.#scope.allocate(maxBatch * 4)
    this.#late = this.#scope.allocate(maxBatch * 4)
    this.#marks = new RowWatermarks(arena.memory)
    this.#windows = new OpenWindows(options)
  }

  get rowsOut(): number {
    return this.#windows.rowsOut
  }

  notes(): readonly string[] {
    const { kernels, stateBound } = this.#windows
    return [`kernels ${[...kernels, 'take8'].join(', ')}`, `state: ${stateBound}`]
  }

  process(batch: RecordBatch): boolean {
    if (batch.selectedCount === 0) return true
    this.rowsIn += batch.selectedCount
    this.#batch = batch
    this.#ids = this.#windows.begin(batch)
    this.#marks.begin(batch, this.#watermark)
    this.#cursor = 0
    return this.#run()
  }

  advanceWatermark(watermark: number): boolean {
    if (watermark > this.#reached) this.#reached = watermark
    return this.#run()
  }

  nextFiring(): number {
    return Math.min(this.#next.nextFiring(), this.#windows.nextDue)
  }

  resume(): boolean {
    return this.#next.resume() && this.#run()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#windows.markCodes(dictionary, mark)
    this.#next.markCodes(dictionary, mark)
  }

  close(): void {
    this.#windows.close()
    this.#scope.release()
    this.#next.close()
  }

  /** Does all there is to do: emissions first, then the next piece of the batch. false: downstream is full. */
  #run(): boolean {
    for (;;) {
      if (!this.#windows.emit() || !this.#sendLate() || !this.#forward()) return false
      if (this.#reached > this.#watermark) {
        this.#watermark = this.#reached
        this.#windows.closeThrough(this.#watermark)
        continue
      }
      if (this.#batch === undefined) return true
      this.#takePiece(this.#batch)
    }
  }

  /** Hands the watermark on, behind the rows of the windows it closed. */
  #forward(): boolean {
    if (this.#watermark <= this.#forwarded) return true
    this.#forwarded = this.#watermark
    return this.#next.advanceWatermark(this.#watermark)
  }

  /** Takes in the rows up to the one at which the watermark reaches the end of a window. */
  #takePiece(batch: RecordBatch): void {
    const slices = this.#slices
    const bound = Number.isFinite(this.#watermark)
      ? slices.endMs(slices.firstOpen(this.#watermark)) - 1
      : this.#watermark
    const to = this.#marks.cut(bound, this.#cursor)
    this.#take(batch, this.#cursor, to)
    this.#cursor = to
    this.#reached = Math.max(this.#reached, this.#marks.afterCut())
    if (to >= batch.selectedCount) this.#batch = undefined
  }

  /** Adds rows to their windows, neighbours of one slice together. */
  #take(batch: RecordBatch, from: number, to: number): void {
    // Read anew for each row: rows that are added may make memory grow, which leaves older views behind.
    const memory = this.#memory
    const { selection } = batch
    const times = batch.columns[this.#options.timeColumn]!.values >>> 3
    const positions = this.#positions >>> 2
    let slice = Number.NaN
    let count = 0
    for (let at = from; at < to; at++) {
      const row = selection === 0 ? at : memory.u32[(selection >>> 2) + at]!
      const own = this.#slices.sliceOf(memory.f64[times + row]!)
      if (own !== slice) {
        if (count > 0) this.#addTo(slice, batch, count)
        slice = own
        count = 0
      }
      memory.u32[positions + count++] = row
    }
    if (count > 0) this.#addTo(slice, batch, count)
  }

  /** Adds the rows at `#positions` to the open windows of their slice; where all have closed, they are late. */
  #addTo(slice: number, batch: RecordBatch, count: number): void {
    const slices = this.#slices
    const first = slices.firstWindow(slice)
    const last = slices.lastWindow(slice)
    const open = Math.max(first, slices.firstOpen(this.#watermark))
    for (let window = open; window <= last; window++)
      this.#windows.add(slices.startMs(window), slices.endMs(window), batch, this.#positions, count, this.#ids)
    if (open <= last || first > last) return
    this.#memory.u32.copyWithin(
      (this.#late >>> 2) + this.#lateCount,
      this.#positions >>> 2,
      (this.#positions >>> 2) + count,
    )
    this.#lateCount += count
  }

  /** Counts late rows, or sends them down their branch. false: it is full. */
  #sendLate(): boolean {
    const count = this.#lateCount
    this.#lateCount = 0
    const { sendLate } = this.#options
    if (count === 0) return true
    if (sendLate !== undefined) return sendLate(this.#late, count)
    this.lateRows += count
    return true
  }
}
