import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { HeldRow } from '../row-window/row-window.ts'
import type { ValueKey } from '../row-window/value-key.ts'
import type { KeyBound } from './key-bound.ts'
import type { OutputRate } from './output-rate.ts'

/** The first of every n rows of each group, at once. */
export class FirstOfRows implements OutputRate {
  readonly bound: string
  readonly waits = false
  readonly size = 0
  readonly #n: number
  readonly #group: ValueKey
  readonly #keys: KeyBound
  /** Rows of a group so far, of those its next first one is after; a group between two stretches isn't there. */
  readonly #seen = new Map<unknown, number>()

  constructor(n: number, group: ValueKey, keys: KeyBound) {
    this.#n = n
    this.#group = group
    this.#keys = keys
    this.bound = `a count for each group, ${keys.text}`
  }

  take(row: HeldRow, out: HeldRow[]): void {
    const group = this.#group(row.values)
    const seen = this.#seen.get(group) ?? 0
    if (seen === 0) {
      this.#keys.check(this.#seen.size)
      out.push(row)
    }
    if (seen + 1 === this.#n) this.#seen.delete(group)
    else this.#seen.set(group, seen + 1)
  }

  tick(): void {}

  end(): void {}

  snapshot(writer: StateWriter): void {
    writer.u32(this.#seen.size)
    for (const [group, seen] of this.#seen) {
      writer.value(group)
      writer.f64(seen)
    }
  }

  restore(reader: StateReader): void {
    const count = reader.count(9)
    this.#keys.checkState(count)
    for (let left = count; left > 0; left--) this.#seen.set(reader.value(), reader.amount(this.#n - 1))
  }
}
