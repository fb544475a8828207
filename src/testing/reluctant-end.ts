import type { Dictionary } from '../memory/dictionary.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { Operator } from '../operators/operator.ts'
import { isSameValue } from './row-difference.ts'

/** What reached an end, in order: rows as values, and watermarks. */
export type Arrival = { readonly row: readonly unknown[] } | { readonly watermark: number }

/** Reads the rows alive of a batch. */
type BatchReader = (batch: RecordBatch) => unknown[][]

/**
 * The end of a chain under test. Every so many calls it says that it is full, lets itself be asked to resume several
 * times before it is ready again, and throws where the contract of operators is broken:
 *
 * - nothing may be sent while it is full,
 * - a batch it was given must still be what it was when it resumes,
 * - the watermark never goes back.
 */
export class ReluctantEnd implements Operator {
  readonly name = 'reluctant end'
  readonly arrivals: Arrival[] = []
  /** Times it said that it was full. */
  refusals = 0
  #calls = 0
  #refusesToResume = 0
  #isFull = false
  #watermark = Number.NEGATIVE_INFINITY
  #held: { readonly batch: RecordBatch; readonly rows: unknown[][] } | undefined
  readonly #read: BatchReader
  readonly #fullEvery: number

  /** @param fullEvery 0: never full; 2: every other call; … */
  constructor(read: BatchReader, fullEvery: number) {
    this.#read = read
    this.#fullEvery = fullEvery
  }

  process(batch: RecordBatch): boolean {
    this.#expectReady('a batch')
    const rows = this.#read(batch)
    if (rows.length !== batch.selectedCount) throw new Error('a batch says how many rows it has')
    for (const row of rows) this.arrivals.push({ row })
    const goesOn = this.#answer()
    if (!goesOn) this.#held = { batch, rows }
    return goesOn
  }

  nextFiring(): number {
    return Number.POSITIVE_INFINITY
  }

  advanceWatermark(watermark: number): boolean {
    this.#expectReady('a watermark')
    if (watermark < this.#watermark) throw new Error(`the watermark went back from ${this.#watermark} to ${watermark}`)
    // Told twice is told once: how often depends on where batches are cut.
    if (watermark > this.#watermark) this.arrivals.push({ watermark })
    this.#watermark = watermark
    return this.#answer()
  }

  resume(): boolean {
    if (!this.#isFull) return true
    this.#expectUntouched()
    if (this.#refusesToResume-- > 0) return false
    this.#held = undefined
    this.#isFull = false
    return true
  }

  markCodes(_dictionary: Dictionary, _mark: (code: number) => void): void {}

  close(): void {}

  #answer(): boolean {
    this.#calls++
    this.#isFull = this.#fullEvery > 0 && this.#calls % this.#fullEvery === 0
    if (this.#isFull) {
      this.refusals++
      this.#refusesToResume = this.#calls % 3
    }
    return !this.#isFull
  }

  #expectReady(what: string): void {
    if (this.#isFull) throw new Error(`${what} was sent to an operator that is full`)
  }

  #expectUntouched(): void {
    if (this.#held === undefined) return
    if (!isSameValue(this.#read(this.#held.batch), this.#held.rows, Object.is))
      throw new Error('a batch changed while it was held')
  }
}
