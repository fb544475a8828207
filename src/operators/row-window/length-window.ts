import { RowQueue } from './row-queue.ts'
import type { HeldRow, RowEvents, RowWindow } from './row-window.ts'

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
}
