import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { RowBatch } from './row-batch.ts'
import { RowQueue } from './row-queue.ts'
import type { HeldRow, RowCodec, RowEvents, RowWindow } from './row-window.ts'

/** At every k-th arrival the latest n rows. */
export class HoppingCountWindow implements RowWindow {
  readonly nextTimer = Number.POSITIVE_INFINITY
  readonly #n: number
  readonly #every: number
  readonly #waitForFull: boolean
  readonly #emitIncomplete: boolean
  readonly #rows = new RowQueue()
  readonly #batch: RowBatch
  #arrived = 0

  constructor(
    n: number,
    every: number,
    options: { readonly waitForFull: boolean; readonly emitIncomplete: boolean; readonly keepsExpired: boolean },
  ) {
    this.#n = n
    this.#every = every
    this.#waitForFull = options.waitForFull
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
    if (this.#rows.length === this.#n) this.#rows.shift()
    this.#rows.push(row)
    this.#arrived = (this.#arrived + 1) % this.#every
    if (this.#arrived !== 0 || (this.#waitForFull && this.#rows.length < this.#n)) return
    this.#batch.emit(this.#rows.toArray(), row.time, row.time, events)
  }

  onTimer(): void {}

  onEnd(events: RowEvents): void {
    const rows = this.#rows.toArray()
    const last = rows.at(-1)
    const isOut = this.#arrived === 0 && (!this.#waitForFull || rows.length === this.#n)
    if (this.#emitIncomplete && last !== undefined && !isOut) this.#batch.emit(rows, last.time, last.time, events)
  }

  snapshot(writer: StateWriter, rows: RowCodec): void {
    writer.f64(this.#arrived)
    this.#rows.snapshot(writer, rows)
    this.#batch.snapshot(writer, rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    this.#arrived = reader.amount(this.#every - 1)
    this.#rows.restore(reader, rows, this.#n)
    this.#batch.restore(reader, rows)
  }
}
