import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { HeldRow, RowCodec, RowEvents, RowWindow } from './row-window.ts'
import { readRows, writeRows } from './value-codec.ts'

/** Orders two rows: less than 0, 0 for equal, more than 0. */
type RowOrder = (a: HeldRow, b: HeldRow) => number

/** The first n rows in an order; of equal rows the latest is the first to go. O(log n) comparisons a row. */
export class SortWindow implements RowWindow {
  readonly nextTimer = Number.POSITIVE_INFINITY
  readonly #n: number
  readonly #order: RowOrder
  #rows: HeldRow[] = []

  constructor(n: number, order: RowOrder) {
    this.#n = n
    this.#order = order
  }

  get size(): number {
    return this.#rows.length
  }

  get isBlank(): boolean {
    return this.#rows.length === 0
  }

  onRow(row: HeldRow, events: RowEvents): void {
    events.current(row, row.time)
    this.#rows.splice(this.#placeOf(row), 0, row)
    if (this.#rows.length > this.#n) events.expired(this.#rows.pop()!, row.time)
  }

  onTimer(): void {}

  onEnd(): void {}

  snapshot(writer: StateWriter, rows: RowCodec): void {
    writeRows(writer, this.#rows, rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    this.#rows = readRows(reader, rows)
    if (this.#rows.length > this.#n) reader.refuse(`${this.#rows.length} rows of ${this.#n} at most`)
  }

  /** Behind every row it is not less than. */
  #placeOf(row: HeldRow): number {
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#order(this.#rows[middle]!, row) <= 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The order of rows by some of their values: where one has none (null, NaN) it is last, whichever the direction. */
export function rowOrder(columns: readonly { readonly column: number; readonly isDescending: boolean }[]): RowOrder {
  return (a, b) => {
    for (const { column, isDescending } of columns) {
      const [left, right] = [a.values[column], b.values[column]]
      const missing = Number(isMissing(left)) - Number(isMissing(right))
      if (missing !== 0) return missing
      if (isMissing(left)) continue
      if ((left as number) < (right as number)) return isDescending ? 1 : -1
      if ((left as number) > (right as number)) return isDescending ? -1 : 1
    }
    return 0
  }
}

const isMissing = (value: unknown): boolean => value === null || Number.isNaN(value)
