import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { WatermarkTrack } from '../../memory/record-batch.ts'
import type { KernelExports } from '../../wasm/exports.ts'

/** The watermark as of each row of a batch, found where it is asked for. */
export class LevelTrack implements WatermarkTrack {
  length = 0
  least = Number.NaN
  greatest = Number.NaN
  readonly #kernels: KernelExports
  readonly #memory: LinearMemory
  #levels = 0
  #behindMs = 0
  #ceiling = Number.POSITIVE_INFINITY
  #before = Number.NEGATIVE_INFINITY
  #after = Number.NEGATIVE_INFINITY

  constructor(kernels: KernelExports, memory: LinearMemory) {
    this.#kernels = kernels
    this.#memory = memory
  }

  /** Turns to a batch of `length` rows with event times from `least` to `greatest`. */
  begin(length: number, least: number, greatest: number): void {
    this.length = length
    this.least = least
    this.greatest = greatest
  }

  /**
   * Follows the running maximum of the levels (one per row, at an address), less `behindMs`.
   *
   * @param ceiling How far other inputs let the watermark come.
   * @param before The watermark before the batch; `after` is the one behind its last row.
   */
  follow(levels: number, behindMs: number, ceiling: number, before: number, after: number): void {
    this.#levels = levels
    this.#behindMs = behindMs
    this.#ceiling = ceiling
    this.#before = before
    this.#after = after
  }

  firstRowReaching(watermark: number, from: number): number {
    if (watermark > this.#after || this.#after === Number.NEGATIVE_INFINITY) return this.length
    const level = Math.max(watermark, -Number.MAX_VALUE) + this.#behindMs
    return this.#kernels.scanTimeAtLeast(this.#levels, from, this.length, level)
  }

  after(row: number): number {
    if (row < 0) return this.#before
    if (row === this.length - 1) return this.#after
    return Math.min(this.#memory.f64[(this.#levels >>> 3) + row]! - this.#behindMs, this.#ceiling)
  }
}
