import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { RowQueue } from './row-queue.ts'
import type { HeldRow, RowCodec, RowEvents, RowWindow } from './row-window.ts'

/**
 * The rows less than a length of time behind the one that just arrived, by a column. Rows leave in the order they came,
 * so an old row can hide behind a younger one.
 */
export class ExternalTimeWindow implements RowWindow {
  readonly nextTimer = Number.POSITIVE_INFINITY
  readonly #column: number
  readonly #lengthMs: number
  readonly #rows = new RowQueue()

  /** @param column Where a row's time stands in its values. */
  constructor(column: number, lengthMs: number) {
    this.#column = column
    this.#lengthMs = lengthMs
  }

  get size(): number {
    return this.#rows.length
  }

  get isBlank(): boolean {
    return this.#rows.length === 0
  }

  onRow(row: HeldRow, events: RowEvents): void {
    const now = row.values[this.#column] as number
    for (;;) {
      const { first } = this.#rows
      if (first === undefined || now - (first.values[this.#column] as number) < this.#lengthMs) break
      events.expired(this.#rows.shift(), now)
    }
    this.#rows.push(row)
    events.current(row, now)
  }

  onTimer(): void {}

  onEnd(): void {}

  snapshot(writer: StateWriter, rows: RowCodec): void {
    this.#rows.snapshot(writer, rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    this.#rows.restore(reader, rows)
  }
}
