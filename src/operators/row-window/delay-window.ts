import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { RowQueue } from './row-queue.ts'
import type { HeldRow, RowCodec, RowEvents, RowWindow } from './row-window.ts'

/** Every row, a length of time later. None expires. */
export class DelayWindow implements RowWindow {
  readonly #lengthMs: number
  readonly #rows = new RowQueue()

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs
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

  onRow(row: HeldRow): void {
    this.#rows.push(row)
  }

  onTimer(at: number, events: RowEvents): void {
    while (this.nextTimer <= at) events.current(this.#rows.shift(), at)
  }

  /** A row that waits isn't incomplete: it would be lost. */
  onEnd(events: RowEvents): void {
    while (this.#rows.length > 0) {
      const due = this.nextTimer
      events.current(this.#rows.shift(), due)
    }
  }

  snapshot(writer: StateWriter, rows: RowCodec): void {
    this.#rows.snapshot(writer, rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    this.#rows.restore(reader, rows)
  }
}
