import { RowBatch } from './row-batch.ts'
import type { HeldRow, RowEvents, RowWindow } from './row-window.ts'

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

  #emit(time: number, events: RowEvents): void {
    const rows = this.#rows
    this.#rows = []
    this.#batch.emit(rows, time, time, events)
  }
}
