import { TAKE } from '../kernels/take-by-width.ts'
import { BYTE_WIDTH } from '../schema/data-type.ts'
import type { EvaluationContext, InputColumn } from './evaluator/evaluation-frame.ts'
import { ReusedVector } from './evaluator/reused-vector.ts'
import type { ReusedBatch } from './reused-batch.ts'

/** Copies the selected rows of a batch together into scratch columns. */
export class Compaction {
  readonly #context: EvaluationContext
  readonly #needed: readonly number[]
  readonly #columns: readonly ReusedVector[]
  readonly #bitmaps: readonly number[]
  readonly #origin: number
  readonly #held: { readonly address: number; readonly bytes: number }[] = []

  /** @param needed Indices of the columns to copy; the others must not be read from a compacted batch. */
  constructor(columns: readonly InputColumn[], needed: readonly number[], context: EvaluationContext) {
    this.#context = context
    this.#needed = needed
    const wanted = new Set(needed)
    this.#columns = columns.map(({ type, dictionary }, i) => {
      const values = wanted.has(i) ? this.#hold(context.maxBatch * BYTE_WIDTH[type.name]) : 0
      return new ReusedVector(type.name, dictionary, values)
    })
    this.#bitmaps = columns.map((_, i) => (wanted.has(i) ? this.#hold((context.maxBatch + 7) >>> 3) : 0))
    this.#origin = this.#hold(context.maxBatch * 4)
  }

  /**
   * Makes the selected rows all rows of the batch: row j is what row selection[j] was. Its origin is that selection,
   * composed with the origin it had. O(selected rows × needed columns).
   */
  apply(batch: ReusedBatch): void {
    const { kernels } = this.#context
    const { selection, selectedCount } = batch
    for (const i of this.#needed) {
      const source = batch.columns[i]!
      const target = this.#columns[i]!
      kernels[TAKE[BYTE_WIDTH[source.type]]](source.values, selection, selectedCount, target.values)
      if (source.validity !== 0) kernels.takeBits(source.validity, selection, selectedCount, this.#bitmaps[i]!)
      target.validity = source.validity === 0 ? 0 : this.#bitmaps[i]!
      target.objects = source.objects
    }
    if (batch.origin !== 0) kernels.take4(batch.origin, selection, selectedCount, this.#origin)
    batch.origin = batch.origin === 0 ? selection : this.#origin
    batch.columns = this.#columns
    batch.length = selectedCount
    batch.selection = 0
  }

  /** Gives the scratch back. */
  close(): void {
    for (const { address, bytes } of this.#held.splice(0)) this.#context.arena.release(address, bytes)
  }

  #hold(bytes: number): number {
    const address = this.#context.arena.allocate(bytes)
    this.#held.push({ address, bytes })
    return address
  }
}
