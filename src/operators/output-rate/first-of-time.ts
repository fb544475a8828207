import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { HeldRow } from '../row-window/row-window.ts'
import type { ValueKey } from '../row-window/value-key.ts'
import type { KeyBound } from './key-bound.ts'
import type { OutputRate } from './output-rate.ts'

/** The first row of each group in every stretch of the clock, at once. */
export class FirstOfTime implements OutputRate {
  readonly bound: string
  readonly size = 0
  readonly #group: ValueKey
  readonly #keys: KeyBound
  /** Groups that have given their first row of this stretch. */
  readonly #given = new Set<unknown>()

  constructor(group: ValueKey, keys: KeyBound) {
    this.#group = group
    this.#keys = keys
    this.bound = `the groups of a stretch, ${keys.text}`
  }

  /** The end of the stretch gives nothing, but groups begin anew. */
  get waits(): boolean {
    return this.#given.size > 0
  }

  take(row: HeldRow, out: HeldRow[]): void {
    const group = this.#group(row.values)
    if (this.#given.has(group)) return
    this.#keys.check(this.#given.size)
    this.#given.add(group)
    out.push(row)
  }

  tick(): void {
    this.#given.clear()
  }

  end(): void {}

  snapshot(writer: StateWriter): void {
    writer.u32(this.#given.size)
    for (const group of this.#given) writer.value(group)
  }

  restore(reader: StateReader): void {
    const count = reader.count(1)
    this.#keys.checkState(count)
    for (let left = count; left > 0; left--) this.#given.add(reader.value())
  }
}
