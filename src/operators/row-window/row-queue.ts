import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { HeldRow, RowCodec } from './row-window.ts'
import { readRows, writeRows } from './value-codec.ts'

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

  snapshot(writer: StateWriter, rows: RowCodec): void {
    writeRows(writer, this.toArray(), rows)
  }

  /** @param most Rows it may hold. */
  restore(reader: StateReader, rows: RowCodec, most = Number.POSITIVE_INFINITY): void {
    this.#rows = readRows(reader, rows)
    if (this.#rows.length > most) reader.refuse(`${this.#rows.length} rows where there are ${most} at most`)
  }

  /** The rows, oldest first. */
  toArray(): HeldRow[] {
    return this.#rows.slice(this.#head)
  }
}
