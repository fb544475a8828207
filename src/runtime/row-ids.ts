import type { StateReader } from '../checkpoint/state-reader.ts'
import type { StateWriter } from '../checkpoint/state-writer.ts'
import type { RowId } from '../connector/sink.ts'
import type { OutputOrder } from './output-order.ts'

/** The ids of the rows one sink gets: counted through checkpoints, in each epoch from 0. */
export class RowIds {
  readonly #order: OutputOrder
  #epoch = 0
  #next = 0

  constructor(order: OutputOrder) {
    this.#order = order
  }

  /** The id of the next row; the `rows` from it on are counted. */
  take(rows = 1): RowId {
    this.#follow()
    const sequence = this.#next
    this.#next += rows
    return { epoch: this.#epoch, sequence }
  }

  /** What a checkpoint holds of it, as of now. */
  mark(): RowIdsMark {
    this.#follow()
    return { epoch: this.#epoch, next: this.#next, isRepeatable: this.#order.isRepeatable }
  }

  restore(reader: StateReader): void {
    this.#epoch = reader.amount()
    this.#next = reader.amount()
    this.#order.restored(this.#epoch, reader.bool())
  }

  #follow(): void {
    if (this.#epoch === this.#order.epoch) return
    this.#epoch = this.#order.epoch
    this.#next = 0
  }
}

/** How far the rows of a sink were counted. */
export interface RowIdsMark {
  readonly epoch: number
  readonly next: number
  readonly isRepeatable: boolean
}

export function writeMark(writer: StateWriter, { epoch, next, isRepeatable }: RowIdsMark): void {
  writer.f64(epoch)
  writer.f64(next)
  writer.bool(isRepeatable)
}
