import { rowAt } from '../../kernels/rows.ts'
import type { ArenaScope } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { EvaluationContext } from '../evaluator/evaluation-frame.ts'
import { RowWatermarks } from '../window/row-watermarks.ts'
import type { WindowSlices } from '../window/window-slices.ts'
import type { RankedWindows } from './ranked-windows.ts'
import type { RowIntake } from './row-intake.ts'

export interface EventIntakeOptions {
  readonly windows: WindowSlices
  /** Index of the event-time column. */
  readonly timeColumn: number
  /** Takes the rows no window takes, as positions of the batch being processed; without it they are counted. */
  readonly sendLate: ((selection: number, count: number) => boolean) | undefined
}

/**
 * Takes rows in by their event time. The watermark is as of each row: rows are taken in up to the one at which it reaches
 * the last millisecond of a window; a row whose windows have all closed is late. Rows are looked at one by one for where
 * they belong and kept only if they may be among the first.
 */
export class EventIntake implements RowIntake {
  lateRows = 0
  readonly #options: EventIntakeOptions
  readonly #slices: WindowSlices
  readonly #windows: RankedWindows
  readonly #memory: LinearMemory
  readonly #marks: RowWatermarks
  readonly #positions: number
  readonly #late: number
  #lateCount = 0
  #batch: RecordBatch | undefined
  #ids = 0
  #cursor = 0

  constructor(
    { arena, maxBatch }: EvaluationContext,
    scope: ArenaScope,
    windows: RankedWindows,
    options: EventIntakeOptions,
  ) {
    this.#options = options
    this.#slices = options.windows
    this.#windows = windows
    this.#memory = arena.memory
    this.#marks = new RowWatermarks(arena.memory)
    this.#positions = scope.allocate(maxBatch * 4)
    this.#late = scope.allocate(maxBatch * 4)
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
    const count = this.#lateCount
    this.#lateCount = 0
    const { sendLate } = this.#options
    if (count === 0) return true
    if (sendLate !== undefined) return sendLate(this.#late, count)
    this.lateRows += count
    return true
  }

  /** Adds rows to their windows, neighbours of one slice together. */
  #addRows(batch: RecordBatch, from: number, to: number, watermark: number): void {
    // Read anew for each row: rows that are added may make memory grow, which leaves older views behind.
    const memory = this.#memory
    const times = batch.columns[this.#options.timeColumn]!.values >>> 3
    const positions = this.#positions >>> 2
    let slice = Number.NaN
    let count = 0
    for (let at = from; at < to; at++) {
      const row = rowAt(memory.u32, batch.selection, at)
      const own = this.#slices.sliceOf(memory.f64[times + row]!)
      if (own !== slice) {
        if (count > 0) this.#addTo(slice, batch, count, watermark)
        slice = own
        count = 0
      }
      memory.u32[positions + count++] = row
    }
    if (count > 0) this.#addTo(slice, batch, count, watermark)
  }

  /** Adds the rows at `#positions` to the open windows of their slice; where all have closed, they are late. */
  #addTo(slice: number, batch: RecordBatch, count: number, watermark: number): void {
    const slices = this.#slices
    const first = slices.firstWindow(slice)
    const last = slices.lastWindow(slice)
    const open = Math.max(first, slices.firstOpen(watermark))
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
}
