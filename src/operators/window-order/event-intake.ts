import { rowAt } from '../../kernels/rows.ts'
import type { ArenaScope } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { EvaluationContext } from '../evaluator/evaluation-frame.ts'
import { RowWatermarks } from '../window/row-watermarks.ts'
import { RowsTooLate, type SendLate } from '../window/rows-too-late.ts'
import type { WindowSlices } from '../window/window-slices.ts'
import type { RankedWindows } from './ranked-windows.ts'
import type { RowIntake } from './row-intake.ts'

/** So few rows aren't halved to find many of one slice. */
const SPLIT_ROWS = 256

export interface EventIntakeOptions {
  readonly windows: WindowSlices
  /** Index of the event-time column. */
  readonly timeColumn: number
  /** Takes the rows no window takes; without it they are counted. */
  readonly sendLate: SendLate | undefined
}

/**
 * Takes rows in by their event time. The watermark is as of each row: rows are taken in up to the one at which it reaches
 * the last millisecond of a window; a row whose windows have all closed is late. Rows are looked at one by one for where
 * they belong and kept only if they may be among the first.
 */
export class EventIntake implements RowIntake {
  readonly kernels = ['rangeF64'] as const
  readonly #options: EventIntakeOptions
  readonly #slices: WindowSlices
  readonly #windows: RankedWindows
  readonly #memory: LinearMemory
  readonly #kernels: KernelExports
  readonly #marks: RowWatermarks
  /** 0, 1, 2, …: the rows of a batch none was taken out of. */
  readonly #everyRow: number
  readonly #positions: number
  readonly #late: RowsTooLate
  readonly #range: number
  #batch: RecordBatch | undefined
  #ids = 0
  #cursor = 0

  constructor(
    { arena, kernels, maxBatch }: EvaluationContext,
    scope: ArenaScope,
    windows: RankedWindows,
    options: EventIntakeOptions,
  ) {
    this.#options = options
    this.#slices = options.windows
    this.#windows = windows
    this.#memory = arena.memory
    this.#kernels = kernels
    this.#marks = new RowWatermarks(arena.memory)
    this.#everyRow = scope.allocate(maxBatch * 4)
    this.#positions = scope.allocate(maxBatch * 4)
    this.#late = new RowsTooLate(arena.memory, scope, maxBatch, options.sendLate)
    this.#range = scope.allocate(16)
    const { u32 } = arena.memory
    for (let row = 0; row < maxBatch; row++) u32[(this.#everyRow >>> 2) + row] = row
  }

  get lateRows(): number {
    return this.#late.counted
  }

  get isPending(): boolean {
    return this.#batch !== undefined
  }

  begin(batch: RecordBatch, watermark: number): void {
    this.#batch = batch
    this.#ids = this.#windows.begin(batch)
    this.#marks.begin(batch, watermark)
    this.#cursor = 0
  }

  /** Takes in the rows up to the one at which the watermark reaches the end of a window. */
  take(watermark: number): number {
    const batch = this.#batch!
    const slices = this.#slices
    const bound = Number.isFinite(watermark) ? slices.endMs(slices.firstOpen(watermark)) - 1 : watermark
    const to = this.#marks.cut(bound, this.#cursor)
    this.#addRows(batch, this.#cursor, to, watermark)
    this.#cursor = to
    if (to >= batch.selectedCount) this.#batch = undefined
    return this.#marks.afterCut()
  }

  sendLate(): boolean {
    return this.#late.flush()
  }

  /** Adds rows to their windows: all at once where they are of one slice, else the two halves, or run by run. */
  #addRows(batch: RecordBatch, from: number, to: number, watermark: number): void {
    if (from === to) return
    const time = batch.columns[this.#options.timeColumn]!.values
    const slice = this.#sliceOfAll(time, batch.selection, from, to)
    if (slice !== undefined) {
      this.#addTo(slice, batch, (batch.selection || this.#everyRow) + from * 4, to - from, watermark)
    } else if (to - from <= SPLIT_ROWS) {
      this.#addRuns(batch, time >>> 3, from, to, watermark)
    } else {
      const middle = (from + to) >>> 1
      this.#addRows(batch, from, middle, watermark)
      this.#addRows(batch, middle, to, watermark)
    }
  }

  /** The slice of all times of some rows, at least one; undefined when they aren't of the same. */
  #sliceOfAll(time: number, selection: number, from: number, to: number): number | undefined {
    this.#kernels.rangeF64(time, selection, from, to, this.#range)
    const { f64 } = this.#memory
    const slice = this.#slices.sliceOf(f64[this.#range >>> 3]!)
    return slice === this.#slices.sliceOf(f64[(this.#range >>> 3) + 1]!) ? slice : undefined
  }

  /** Adds rows to their windows, neighbours of one slice together. */
  #addRuns(batch: RecordBatch, times: number, from: number, to: number, watermark: number): void {
    const positions = this.#positions >>> 2
    for (let at = from; at < to; ) {
      // Read anew: rows that are added may make memory grow, which leaves older views behind.
      const { f64, u32 } = this.#memory
      const slice = this.#slices.sliceOf(f64[times + rowAt(u32, batch.selection, at)]!)
      let count = 0
      for (; at < to; at++) {
        const row = rowAt(u32, batch.selection, at)
        if (this.#slices.sliceOf(f64[times + row]!) !== slice) break
        u32[positions + count++] = row
      }
      this.#addTo(slice, batch, this.#positions, count, watermark)
    }
  }

  /** Adds the rows at `positions` to the open windows of their slice; where all have closed, they are late. */
  #addTo(slice: number, batch: RecordBatch, positions: number, count: number, watermark: number): void {
    const slices = this.#slices
    const first = slices.firstWindow(slice)
    const last = slices.lastWindow(slice)
    const open = Math.max(first, slices.firstOpen(watermark))
    for (let window = open; window <= last; window++)
      this.#windows.add(slices.startMs(window), slices.endMs(window), batch, positions, count, this.#ids)
    if (open > last && first <= last) this.#late.add(positions, count)
  }
}
