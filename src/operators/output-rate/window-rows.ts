import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { HeldRow, RowCodec } from '../row-window/row-window.ts'
import { readRows, writeRows } from '../row-window/value-codec.ts'
import type { OutputRate } from './output-rate.ts'

/** What a window holds at the end of each stretch of the clock: the rows that entered it and have not left it. */
export class WindowRows implements OutputRate {
  readonly bound: string
  readonly #kind: number
  readonly #columns: readonly number[]
  #held: HeldRow[] = []

  /**
   * @param kind Where it says whether a row enters or leaves.
   * @param columns The columns of the row itself.
   */
  constructor(kind: number, columns: readonly number[], bound: string) {
    this.#kind = kind
    this.#columns = columns
    this.bound = bound
  }

  get waits(): boolean {
    return this.#held.length > 0
  }

  get size(): number {
    return this.#held.length
  }

  /** Of rows that are equal the first that entered is the one to leave. */
  take(row: HeldRow): void {
    if (row.values[this.#kind] === 'current') {
      this.#held.push(row)
      return
    }
    const left = this.#held.findIndex(({ values }) =>
      this.#columns.every(column => Object.is(values[column], row.values[column])),
    )
    if (left >= 0) this.#held.splice(left, 1)
  }

  tick(out: HeldRow[]): void {
    for (const row of this.#held) out.push(row)
  }

  end(): void {}

  snapshot(writer: StateWriter, rows: RowCodec): void {
    writeRows(writer, this.#held, rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    this.#held = readRows(reader, rows)
  }
}
