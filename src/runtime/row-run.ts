import type { RowRing } from '../memory/row-ring.ts'
import type { RowWriter } from '../memory/row-writer.ts'

/**
 * Rows that come one by one and go straight in, side by side where the ring has room for them: nobody is asked, and nobody
 * told. They are in the ring, and counted, once the run has ended, so whoever looks at either ends it first.
 */
export class RowRun {
  readonly #ring: RowRing
  readonly #rows: RowWriter
  readonly #ended: (rows: number) => void

  /** @param ended Told how many rows a run was that had any. */
  constructor(ring: RowRing, rows: RowWriter, ended: (rows: number) => void) {
    this.#ring = ring
    this.#rows = rows
    this.#ended = ended
  }

  /** Begins one of at most `rows`. */
  begin(rows: number): void {
    this.#rows.beginRun(this.#ring.writeRow, this.#ring.room(rows))
  }

  end(): void {
    const rows = this.#rows.endRun()
    if (rows > 0) this.#ended(rows)
  }
}
