import type { HeldRow } from './row-window.ts'

/** Rows first in, first out. Amortised O(1); its array is at most twice as long as what it holds, and 64. */
export class RowQueue {
  #rows: HeldRow[] = []
  #head = 0

  get length(): number {
    return this.#rows.length - this.#head
  }

  /** The oldest row, if there is one. */
  get first(): HeldRow | undefined {
    return this.#rows[this.#head]
  }

  push(row: HeldRow): void {
    this.#rows.push(row)
  }

  /** Takes the oldest row out. Only when there is one. */
  shift(): HeldRow {
    const row = this.#rows[this.#head++]!
    if (this.#head >= 64 && this.#head * 2 >= this.#rows.length) {
      this.#rows = this.#rows.slice(this.#head)
      this.#head = 0
    }
    return row
  }

  /** The rows, oldest first. */
  toArray(): HeldRow[] {
    return this.#rows.slice(this.#head)
  }
}
