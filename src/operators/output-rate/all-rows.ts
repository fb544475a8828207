import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { HeldRow, RowCodec } from '../row-window/row-window.ts'
import { readRows, writeRows } from '../row-window/value-codec.ts'
import type { OutputRate } from './output-rate.ts'

/** All rows together: every n of them, or at the end of each stretch of the clock (n = +Infinity). */
export class AllRows implements OutputRate {
  readonly bound: string
  readonly #n: number
  #held: HeldRow[] = []

  constructor(n: number, bound: string) {
    this.#n = n
    this.bound = bound
  }

  get waits(): boolean {
    return this.#n === Number.POSITIVE_INFINITY && this.#held.length > 0
  }

  get size(): number {
    return this.#held.length
  }

  take(row: HeldRow, out: HeldRow[]): void {
    if (this.#held.push(row) === this.#n) this.end(out)
  }

  tick(out: HeldRow[]): void {
    this.end(out)
  }

  end(out: HeldRow[]): void {
    for (const row of this.#held) out.push(row)
    this.#held = []
  }

  snapshot(writer: StateWriter, rows: RowCodec): void {
    writeRows(writer, this.#held, rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    this.#held = readRows(reader, rows)
    if (this.#held.length >= this.#n) reader.refuse(`${this.#held.length} rows held of every ${this.#n}`)
  }
}
