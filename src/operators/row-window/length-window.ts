import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { RowQueue } from './row-queue.ts'
import type { HeldRow, RowCodec, RowEvents, RowWindow } from './row-window.ts'

/** The latest n rows: an arrival first drives the oldest out. */
export class LengthWindow implements RowWindow {
  readonly nextTimer = Number.POSITIVE_INFINITY
  readonly #n: number
  readonly #rows = new RowQueue()

  constructor(n: number) {
    this.#n = n
  }

  get size(): number {
    return this.#rows.length
  }

  get isBlank(): boolean {
    return this.#rows.length === 0
  }

  onRow(row: HeldRow, events: RowEvents): void {
    if (this.#rows.length === this.#n) events.expired(this.#rows.shift(), row.time)
    this.#rows.push(row)
    events.current(row, row.time)
  }

  onTimer(): void {}

  onEnd(): void {}

  snapshot(writer: StateWriter, rows: RowCodec): void {
    this.#rows.snapshot(writer, rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    this.#rows.restore(reader, rows, this.#n)
  }
}
