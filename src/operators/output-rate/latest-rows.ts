import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { HeldRow, RowCodec } from '../row-window/row-window.ts'
import { readRows, writeRows } from '../row-window/value-codec.ts'
import type { ValueKey } from '../row-window/value-key.ts'
import type { KeyBound } from './key-bound.ts'
import type { OutputRate } from './output-rate.ts'

/**
 * The last row of each group, in the order in which the groups came up: behind every n rows or at the end of each stretch
 * of the clock (n = +Infinity). A snapshot keeps them, and gives them again at the next end.
 */
export class LatestRows implements OutputRate {
  readonly bound: string
  readonly #n: number
  readonly #isSnapshot: boolean
  readonly #group: ValueKey
  readonly #keys: KeyBound
  readonly #latest = new Map<unknown, HeldRow>()
  /** Rows of this stretch. */
  #seen = 0

  constructor(n: number, isSnapshot: boolean, group: ValueKey, keys: KeyBound) {
    this.#n = n
    this.#isSnapshot = isSnapshot
    this.#group = group
    this.#keys = keys
    this.bound = `a row for each group, ${keys.text}`
  }

  get waits(): boolean {
    return this.#n === Number.POSITIVE_INFINITY && this.#latest.size > 0
  }

  get size(): number {
    return this.#latest.size
  }

  take(row: HeldRow, out: HeldRow[]): void {
    const group = this.#group(row.values)
    if (!this.#latest.has(group)) this.#keys.check(this.#latest.size)
    this.#latest.set(group, row)
    if (++this.#seen === this.#n) this.#give(out)
  }

  tick(out: HeldRow[]): void {
    this.#give(out)
  }

  end(out: HeldRow[]): void {
    if (!this.#isSnapshot) this.#give(out)
  }

  snapshot(writer: StateWriter, rows: RowCodec): void {
    writer.f64(this.#n === Number.POSITIVE_INFINITY ? 0 : this.#seen)
    writeRows(writer, [...this.#latest.values()], rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    this.#seen = reader.amount(this.#n === Number.POSITIVE_INFINITY ? 0 : this.#n - 1)
    const held = readRows(reader, rows)
    this.#keys.checkState(held.length)
    for (const row of held) this.#latest.set(this.#group(row.values), row)
    if (this.#latest.size < held.length) reader.refuse('two last rows of one group')
  }

  #give(out: HeldRow[]): void {
    for (const row of this.#latest.values()) out.push(row)
    this.#seen = 0
    if (!this.#isSnapshot) this.#latest.clear()
  }
}
