import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { HeldRow, RowCodec, RowEvents, RowWindow } from './row-window.ts'
import { TickGrid } from './tick-grid.ts'
import { readRows, writeRows } from './value-codec.ts'

/** Rows come out as they arrive, and all of them expire at the next tick. */
export class StreamedTimeBatchWindow implements RowWindow {
  nextTimer = Number.POSITIVE_INFINITY
  readonly #hasStart: boolean
  readonly #grid: TickGrid
  readonly #keepsExpired: boolean
  #rows: HeldRow[] = []

  constructor(lengthMs: number, startMs: number | undefined, options: { readonly keepsExpired: boolean }) {
    this.#hasStart = startMs !== undefined
    this.#grid = new TickGrid(lengthMs, startMs)
    this.#keepsExpired = options.keepsExpired
  }

  get size(): number {
    return this.#rows.length
  }

  get isBlank(): boolean {
    return this.#hasStart && this.nextTimer === Number.POSITIVE_INFINITY
  }

  onRow(row: HeldRow, events: RowEvents): void {
    if (this.nextTimer === Number.POSITIVE_INFINITY) this.nextTimer = this.#grid.after(row.time)
    if (this.#keepsExpired) this.#rows.push(row)
    events.current(row, row.time)
  }

  onTimer(at: number, events: RowEvents): void {
    for (const row of this.#rows) events.expired(row, at)
    events.reset()
    this.#rows = []
    this.nextTimer = Number.POSITIVE_INFINITY
  }

  onEnd(): void {}

  snapshot(writer: StateWriter, rows: RowCodec): void {
    writer.f64(this.nextTimer)
    this.#grid.snapshot(writer)
    writeRows(writer, this.#rows, rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    this.nextTimer = reader.instant(Number.POSITIVE_INFINITY)
    this.#grid.restore(reader)
    this.#rows = readRows(reader, rows)
  }
}
