import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { HeldRow, RowCodec, RowEvents, RowWindow } from './row-window.ts'
import { readRows, writeRows } from './value-codec.ts'

/** Batches of n rows whose rows come out as they arrive; the first row of the next batch makes them expire. */
export class StreamedLengthBatchWindow implements RowWindow {
  readonly nextTimer = Number.POSITIVE_INFINITY
  readonly #n: number
  readonly #keepsExpired: boolean
  #rows: HeldRow[] = []
  #count = 0

  constructor(n: number, options: { readonly keepsExpired: boolean }) {
    this.#n = n
    this.#keepsExpired = options.keepsExpired
  }

  get size(): number {
    return this.#rows.length
  }

  get isBlank(): boolean {
    return this.#count === 0
  }

  onRow(row: HeldRow, events: RowEvents): void {
    if (this.#count === this.#n) {
      for (const old of this.#rows) events.expired(old, row.time)
      events.reset()
      this.#rows = []
      this.#count = 0
    }
    this.#count++
    if (this.#keepsExpired) this.#rows.push(row)
    events.current(row, row.time)
  }

  onTimer(): void {}

  onEnd(): void {}

  snapshot(writer: StateWriter, rows: RowCodec): void {
    writer.f64(this.#count)
    writeRows(writer, this.#rows, rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    this.#count = reader.amount(this.#n)
    this.#rows = readRows(reader, rows)
  }
}
