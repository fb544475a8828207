import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { RowBatch } from './row-batch.ts'
import type { HeldRow, RowCodec, RowEvents, RowWindow } from './row-window.ts'
import { TickGrid } from './tick-grid.ts'
import { readRows, writeRows } from './value-codec.ts'

/** Batches of the rows between two ticks. The ticks rest while there is nothing to put out and nothing to expire. */
export class TimeBatchWindow implements RowWindow {
  nextTimer = Number.POSITIVE_INFINITY
  readonly #hasStart: boolean
  readonly #grid: TickGrid
  readonly #emitIncomplete: boolean
  readonly #batch: RowBatch
  #rows: HeldRow[] = []

  constructor(
    lengthMs: number,
    startMs: number | undefined,
    options: { readonly emitIncomplete: boolean; readonly keepsExpired: boolean },
  ) {
    this.#hasStart = startMs !== undefined
    this.#grid = new TickGrid(lengthMs, startMs)
    this.#emitIncomplete = options.emitIncomplete
    this.#batch = new RowBatch(options.keepsExpired)
  }

  get size(): number {
    return this.#rows.length + this.#batch.size
  }

  get isBlank(): boolean {
    return this.#hasStart && this.size === 0
  }

  onRow(row: HeldRow): void {
    this.#rows.push(row)
    if (this.nextTimer === Number.POSITIVE_INFINITY) this.nextTimer = this.#grid.after(row.time)
  }

  onTimer(at: number, events: RowEvents): void {
    this.#emit(at, events)
    this.nextTimer = this.#batch.size > 0 ? this.#grid.after(at) : Number.POSITIVE_INFINITY
  }

  onEnd(events: RowEvents): void {
    if (this.#emitIncomplete && this.#rows.length > 0) this.#emit(this.#rows.at(-1)!.time, events)
  }

  snapshot(writer: StateWriter, rows: RowCodec): void {
    writer.f64(this.nextTimer)
    this.#grid.snapshot(writer)
    writeRows(writer, this.#rows, rows)
    this.#batch.snapshot(writer, rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    this.nextTimer = reader.instant(Number.POSITIVE_INFINITY)
    this.#grid.restore(reader)
    this.#rows = readRows(reader, rows)
    this.#batch.restore(reader, rows)
  }

  #emit(at: number, events: RowEvents): void {
    const rows = this.#rows
    this.#rows = []
    this.#batch.emit(rows, at, at, events)
  }
}
