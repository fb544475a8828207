import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { HeldRow, RowCodec, RowEvents, RowWindow } from './row-window.ts'
import { readRows, writeRows } from './value-codec.ts'
import type { ValueKey } from './value-key.ts'

/** The latest row of each value. With a time to live, rows that nobody replaces expire by it, oldest first. */
export class UniqueWindow implements RowWindow {
  readonly #key: ValueKey
  readonly #ttlMs: number
  /** In the order the rows came: a replaced row's place is taken anew. */
  readonly #rows = new Map<unknown, HeldRow>()

  constructor(key: ValueKey, ttlMs = Number.POSITIVE_INFINITY) {
    this.#key = key
    this.#ttlMs = ttlMs
  }

  get nextTimer(): number {
    if (this.#ttlMs === Number.POSITIVE_INFINITY) return this.#ttlMs
    const oldest = this.#rows.values().next()
    return oldest.done ? Number.POSITIVE_INFINITY : oldest.value.time + this.#ttlMs
  }

  get size(): number {
    return this.#rows.size
  }

  get isBlank(): boolean {
    return this.#rows.size === 0
  }

  onRow(row: HeldRow, events: RowEvents): void {
    const key = this.#key(row.values)
    const old = this.#rows.get(key)
    if (old !== undefined) {
      this.#rows.delete(key)
      events.expired(old, row.time)
    }
    this.#rows.set(key, row)
    events.current(row, row.time)
  }

  onTimer(at: number, events: RowEvents): void {
    for (const [key, row] of this.#rows) {
      if (row.time + this.#ttlMs > at) return
      this.#rows.delete(key)
      events.expired(row, at)
    }
  }

  onEnd(): void {}

  snapshot(writer: StateWriter, rows: RowCodec): void {
    writeRows(writer, [...this.#rows.values()], rows)
  }

  restore(reader: StateReader, rows: RowCodec): void {
    for (const row of readRows(reader, rows)) this.#rows.set(this.#key(row.values), row)
  }
}
