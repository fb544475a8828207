import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { RowBatch } from './row-batch.ts'
import type { HeldRow, RowCodec, RowEvents, RowWindow } from './row-window.ts'
import { readRows, writeRows } from './value-codec.ts'

/** Batches of n rows, put out when they are complete. */
export class LengthBatchWindow implements RowWindow {
  readonly nextTimer = Number.POSITIVE_INFINITY
  readonly #n: number
  readonly #emitIncomplete: boolean
  readonly #batch: RowBatch
  #rows: HeldRow[] = []

  constructor(n: number, options: { readonly emitIncomplete: boolean; readonly keepsExpired: boolean }) {
    this.#n = n
    this.#emitIncomplete = options.emitIncomplete
    this.#batch = new RowBatch(options.keepsExpired)
  }

  get size(): number {
    return this.#rows.length + this.#batch.size
  }

  get isBlank(): boolean {
    return this.size === 0
  }

  onRow(row: HeldRow, events: RowEvents): void {
    this.#rows.push(row)
    if (this.#rows.length === this.#n) this.#emit(row.time, events)
  }

  onTimer(): void {}

  onEnd(events: RowEvents): void {
    const last = this.#rows.at(-1)
    if (this.#emitIncomplete && last !== undefined) this.#emit(last.time, events)
  }

  snapshot(writer: StateWriter, rows: RowCodec): void {
    writeRows(writer, this.#rows, rows)
    this.#batch.snapshot(writer, rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    this.#rows = readRows(reader, rows)
    if (this.#rows.length >= this.#n) reader.refuse(`${this.#rows.length} rows of a batch of ${this.#n}`)
    this.#batch.restore(reader, rows)
  }

  #emit(time: number, events: RowEvents): void {
    const rows = this.#rows
    this.#rows = []
    this.#batch.emit(rows, time, time, events)
  }
}
