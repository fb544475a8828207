import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { HeldRow, RowCodec, RowEvents } from './row-window.ts'
import { readRows, writeRows } from './value-codec.ts'

/** Puts batches out one after the other: the rows of the one before expire, aggregates start afresh, the new ones come. */
export class RowBatch {
  readonly #keepsExpired: boolean
  #before: readonly HeldRow[] = []

  /** @param keepsExpired Whether anyone wants to see rows expire; if not, none is kept. */
  constructor(keepsExpired: boolean) {
    this.#keepsExpired = keepsExpired
  }

  /** Rows of the batch that came out last and didn't expire yet. */
  get size(): number {
    return this.#before.length
  }

  snapshot(writer: StateWriter, rows: RowCodec): void {
    writeRows(writer, this.#before, rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    this.#before = readRows(reader, rows)
  }

  /** Rows expire at `time`; those that come out are stamped with `stamp`. */
  emit(rows: readonly HeldRow[], time: number, stamp: number, events: RowEvents): void {
    for (const row of this.#before) events.expired(row, time)
    events.reset()
    for (const row of rows) events.current(row, stamp)
    this.#before = this.#keepsExpired ? rows : []
  }
}
