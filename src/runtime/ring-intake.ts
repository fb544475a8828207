import type { RecordBatch } from '../memory/record-batch.ts'
import type { RowRing } from '../memory/row-ring.ts'
import type { Intake } from './task.ts'

/** Works on rows where they stand in the ring: nothing is copied, and their room is freed when the batch is through. */
export class RingIntake implements Intake {
  readonly #ring: RowRing

  constructor(ring: RowRing) {
    this.#ring = ring
  }

  poll(max: number): RecordBatch {
    return this.#ring.poll(max)
  }

  release(rows: number): void {
    this.#ring.release(rows)
  }

  /** The ring marks its own rows. */
  markCodes(): void {}

  close(): void {}
}
