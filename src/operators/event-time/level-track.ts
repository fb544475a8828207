import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { WatermarkTrack } from '../../memory/record-batch.ts'
import type { KernelExports } from '../../wasm/exports.ts'

/** The watermark as of each row of a batch: the running maximum of the rows' levels, less what it stays behind. */
export class LevelTrack implements WatermarkTrack {
  length = 0
  least = Number.NaN
  greatest = Number.NaN
  readonly #kernels: KernelExports
  readonly #memory: LinearMemory
  #levels = 0
  #behindMs = 0
  #greatestLevel = Number.NEGATIVE_INFINITY
  #before = Number.NEGATIVE_INFINITY
  #behind = Number.NEGATIVE_INFINITY

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
   * Follows levels, the greatest of which is `greatestLevel`.
   *
   * @param before The watermark before the batch, and `after` the one after it.
   */
  follow(levels: number, behindMs: number, greatestLevel: number, before: number, after: number): void {
    this.#levels = levels
    this.#behindMs = behindMs
    this.#greatestLevel = greatestLevel
    this.#before = before
    this.#behind = after
  }

  firstRowReaching(watermark: number, from: number): number {
    const level = watermark + this.#behindMs
    if (level > this.#greatestLevel) return this.length
    return this.#kernels.scanTimeAtLeast(this.#levels, from, this.length, level)
  }

  after(row: number): number {
    if (row < 0) return this.#before
    if (row === this.length - 1) return this.#behind
    return this.#memory.f64[(this.#levels >>> 3) + row]! - this.#behindMs
  }
}
