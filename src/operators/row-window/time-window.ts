import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { RowQueue } from './row-queue.ts'
import type { HeldRow, RowCodec, RowEvents, RowWindow } from './row-window.ts'

/** The rows younger than a length of time, at most the latest n of them. */
export class TimeWindow implements RowWindow {
  readonly #lengthMs: number
  readonly #n: number
  readonly #rows = new RowQueue()

  constructor(lengthMs: number, n = Number.POSITIVE_INFINITY) {
    this.#lengthMs = lengthMs
    this.#n = n
  }

  get nextTimer(): number {
    const { first } = this.#rows
    return first === undefined ? Number.POSITIVE_INFINITY : first.time + this.#lengthMs
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

  onTimer(at: number, events: RowEvents): void {
    while (this.nextTimer <= at) events.expired(this.#rows.shift(), at)
  }

  onEnd(): void {}

  snapshot(writer: StateWriter, rows: RowCodec): void {
    this.#rows.snapshot(writer, rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    this.#rows.restore(reader, rows, this.#n)
  }
}
