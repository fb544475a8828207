import { KEYS, WINDOW_MS } from './events.ts'
import { BATCH_ROWS, makeBatch, type WindowConsumer } from './window-rows.ts'

/**
 * The accumulators of one window, by key position: count, sum, min, max side by side, so that a group is half a cache
 * line. `flush` emits what the window touched, in order of first touch, and empties it.
 */
export class GroupTable {
  /** count, sum, min, max of position p at 4p … 4p + 3. Count 0: free. */
  readonly fields = new Float64Array(KEYS * 4)
  readonly #touched = new Int32Array(KEYS)
  #touchedCount = 0
  readonly #batch = makeBatch()
  #batched = 0
  readonly #consume: WindowConsumer
  readonly #keys: Int32Array | undefined

  /** `keys`: the key of each position; none: the position is the key. */
  constructor(consume: WindowConsumer, keys: Int32Array | undefined) {
    this.#consume = consume
    this.#keys = keys
  }

  /** Lists a position the window had not touched yet. */
  open(position: number): void {
    this.#touched[this.#touchedCount++] = position
  }

  flush(windowEnd: number): void {
    const { fields } = this
    const touched = this.#touched
    const count = this.#touchedCount
    const keys = this.#keys
    const batch = this.#batch
    const { key, sum, min, max } = batch
    const windowStart = windowEnd - WINDOW_MS
    for (let from = 0; from < count; ) {
      if (this.#batched === BATCH_ROWS) this.finish()
      let out = this.#batched
      const to = Math.min(count, from + BATCH_ROWS - out)
      for (; from < to; from++, out++) {
        const position = touched[from]!
        const at = position << 2
        batch.windowStart[out] = windowStart
        batch.windowEnd[out] = windowEnd
        key[out] = keys === undefined ? position : keys[position]!
        batch.count[out] = fields[at]!
        sum[out] = fields[at + 1]!
        min[out] = fields[at + 2]!
        max[out] = fields[at + 3]!
        fields[at] = 0
      }
      this.#batched = out
    }
    this.#touchedCount = 0
  }

  /** Hands over what is batched. */
  finish(): void {
    this.#batch.length = this.#batched
    this.#batched = 0
    if (this.#batch.length > 0) this.#consume(this.#batch)
  }
}
