import type { ArenaScope } from '../../memory/arena.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { RecordLayout } from './record-layout.ts'
import type { Slice, SlicePool } from './slice-pool.ts'

/** Adds the records of one slice to those of another: addresses first, then every accumulator's combine. */
export class SliceCombiner {
  readonly #kernels: KernelExports
  readonly #pool: SlicePool
  readonly #layout: RecordLayout
  readonly #maxBatch: number
  readonly #sources: number
  readonly #targets: number

  constructor(kernels: KernelExports, scope: ArenaScope, pool: SlicePool, layout: RecordLayout, maxBatch: number) {
    this.#kernels = kernels
    this.#pool = pool
    this.#layout = layout
    this.#maxBatch = maxBatch
    this.#sources = scope.allocate(maxBatch * 4)
    this.#targets = scope.allocate(maxBatch * 4)
  }

  /** `target` takes in `source`, which stands for later rows; new keys go to the end. O(keys of `source`). */
  combine(target: Slice, source: Slice): void {
    this.#pool.reserve(target, source.capacity)
    const count = this.#pool.count(source)
    const { recordBytes } = this.#layout
    for (let from = 0; from < count; from += this.#maxBatch) {
      const to = Math.min(from + this.#maxBatch, count)
      this.#kernels.resolveCombine(source.entry, target.entry, from, to, recordBytes, this.#sources, this.#targets)
      this.#layout.combine(this.#targets, this.#sources, to - from)
    }
  }

  /** `target`, which has room for the ids, takes in `count` records that stand side by side; `ids` 0: all are of id 0. */
  combineRecords(target: Slice, ids: number, count: number, records: number): void {
    const { recordBytes } = this.#layout
    const [sources, targets] = [this.#sources, this.#targets]
    this.#kernels.resolveRecords(target.entry, ids, records, count, recordBytes, sources, targets)
    this.#layout.combine(targets, sources, count)
  }
}
