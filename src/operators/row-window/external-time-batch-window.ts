import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { RowBatch } from './row-batch.ts'
import type { HeldRow, RowCodec, RowEvents, RowWindow } from './row-window.ts'
import { TickGrid } from './tick-grid.ts'
import { readRows, writeRows } from './value-codec.ts'

/**
 * Batches by a column of the rows: a row at or beyond the end of the open batch closes it. After `timeoutMs` of the clock
 * without a row the open batch comes out early; rows that still join it make it come out again, whole.
 */
export class ExternalTimeBatchWindow implements RowWindow {
  nextTimer = Number.POSITIVE_INFINITY
  readonly #column: number
  readonly #grid: TickGrid
  readonly #timeoutMs: number | undefined
  readonly #stampWithEnd: boolean
  readonly #emitIncomplete: boolean
  readonly #batch: RowBatch
  #rows: HeldRow[] = []
  #end = Number.NaN
  /** The greatest time of the open batch: what it is stamped with when no row closes it. */
  #latest = Number.NEGATIVE_INFINITY
  /** Whether rows joined since the batch last came out. */
  #hasNews = false

  /** @param column Where a row's time stands in its values. */
  constructor(
    column: number,
    lengthMs: number,
    options: {
      readonly startMs: number | undefined
      readonly timeoutMs: number | undefined
      readonly stampWithEnd: boolean
      readonly emitIncomplete: boolean
      readonly keepsExpired: boolean
    },
  ) {
    this.#column = column
    this.#grid = new TickGrid(lengthMs, options.startMs)
    this.#timeoutMs = options.timeoutMs
    this.#stampWithEnd = options.stampWithEnd
    this.#emitIncomplete = options.emitIncomplete
    this.#batch = new RowBatch(options.keepsExpired)
  }

  get size(): number {
    return this.#rows.length + this.#batch.size
  }

  get isBlank(): boolean {
    return Number.isNaN(this.#end)
  }

  onRow(row: HeldRow, events: RowEvents): void {
    const time = row.values[this.#column] as number
    if (Number.isNaN(this.#end)) this.#end = this.#grid.after(time)
    if (time >= this.#end) {
      if (this.#hasNews) this.#emit(time, events)
      this.#rows = []
      this.#latest = Number.NEGATIVE_INFINITY
      this.#end = this.#grid.after(time)
    }
    this.#rows.push(row)
    this.#latest = Math.max(this.#latest, time)
    this.#hasNews = true
    if (this.#timeoutMs !== undefined) this.nextTimer = row.time + this.#timeoutMs
  }

  onTimer(_at: number, events: RowEvents): void {
    this.nextTimer = Number.POSITIVE_INFINITY
    if (this.#hasNews) this.#emit(this.#latest, events)
  }

  onEnd(events: RowEvents): void {
    if (this.#emitIncomplete && this.#hasNews) this.#emit(this.#latest, events)
  }

  snapshot(writer: StateWriter, rows: RowCodec): void {
    for (const time of [this.nextTimer, this.#end, this.#latest]) writer.f64(time)
    writer.bool(this.#hasNews)
    this.#grid.snapshot(writer)
    writeRows(writer, this.#rows, rows)
    this.#batch.snapshot(writer, rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    this.nextTimer = reader.instant(Number.POSITIVE_INFINITY)
    // None is open where there is no end.
    this.#end = reader.f64()
    this.#latest = reader.instant(Number.NEGATIVE_INFINITY)
    this.#hasNews = reader.bool()
    this.#grid.restore(reader)
    this.#rows = readRows(reader, rows)
    this.#batch.restore(reader, rows)
  }

  #emit(time: number, events: RowEvents): void {
    this.#hasNews = false
    this.#batch.emit(this.#rows.slice(), time, this.#stampWithEnd ? this.#end : time, events)
  }
}
