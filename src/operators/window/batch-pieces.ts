import { rowAt } from '../../kernels/rows.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import { positionAfter } from './row-watermarks.ts'

/** Cuts a batch at the rows where the watermark crosses the end of a window, so that each piece goes through the kernels whole. */
export class BatchPieces {
  /** The piece at hand: from one position of the selection up to another. */
  from = 0
  to = 0
  /** Where the rows up to the end of the piece lead the watermark; -Infinity: nowhere of interest. */
  watermark = Number.NEGATIVE_INFINITY
  readonly #memory: LinearMemory
  readonly #timeColumn: number
  /** The next row in the source of the batch's watermarks. */
  #sourceRow = 0

  /** @param timeColumn Index of the event-time column. */
  constructor(memory: LinearMemory, timeColumn: number) {
    this.#memory = memory
    this.#timeColumn = timeColumn
  }

  /** Turns to a batch. */
  begin(): void {
    this.to = 0
    this.#sourceRow = 0
  }

  /**
   * Turns to the next piece: up to the row at which the watermark reaches `boundary`. That row is mostly ahead of the
   * watermark, so in none of the windows that fire then; unless `isWhole`, it is left for the next piece where it is: this one then
   * lies in the slices before, often in a single one.
   */
  cut(batch: RecordBatch, boundary: number, isWhole: boolean): void {
    this.from = this.to
    this.to = batch.selectedCount
    this.watermark = Number.NEGATIVE_INFINITY
    const track = batch.watermarks
    if (track === undefined) return
    const stop = track.firstRowReaching(boundary, this.#sourceRow)
    if (stop >= track.length) return
    this.watermark = track.after(stop)
    this.to = positionAfter(this.#memory, batch, stop, this.from)
    if (this.to > this.from && !isWhole && this.#isAhead(batch, this.to - 1)) this.to--
    this.#sourceRow = stop + 1
  }

  #isAhead({ columns, selection }: RecordBatch, position: number): boolean {
    const { u32, f64 } = this.#memory
    const row = rowAt(u32, selection, position)
    return f64[(columns[this.#timeColumn]!.values >>> 3) + row]! > this.watermark
  }
}
