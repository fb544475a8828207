import { type Arena, ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { FinishTarget } from './finish.ts'
import type { IdMarker, KeyIndex } from './key-index.ts'

/** A single utf8 key: its dictionary codes are the ids (0 = the null key). Costs nothing per row. */
export class DictionaryKey implements KeyIndex {
  readonly kernels = []
  readonly #kernels: KernelExports
  readonly #column: number
  readonly #dictionary: Dictionary
  readonly #scope: ArenaScope
  readonly #scratchF64: number

  constructor(kernels: KernelExports, arena: Arena, column: number, dictionary: Dictionary, maxBatch: number) {
    this.#scope = new ArenaScope(arena)
    this.#scratchF64 = this.#scope.allocate(maxBatch * 8)
    this.#kernels = kernels
    this.#column = column
    this.#dictionary = dictionary
  }

  assign(batch: RecordBatch): number {
    return batch.columns[this.#column]!.values
  }

  get idLimit(): number {
    return this.#dictionary.codeLimit
  }

  writeKeys(ids: number, count: number, _which: number, target: FinishTarget): void {
    this.#kernels.recordAddresses(0, ids, count, 1, target.values)
    if (target.validity === 0) return
    this.#kernels.castI32F64(ids, count, this.#scratchF64)
    this.#kernels.nonZeroF64(this.#scratchF64, count, target.validity)
  }

  markCodes(dictionary: Dictionary, liveIds: IdMarker, mark: Parameters<CodeMarker>[0]): void {
    if (dictionary === this.#dictionary) liveIds(mark)
  }

  /** The dictionary has all there is. */
  snapshot(): void {}

  restore(): void {}

  close(): void {
    this.#scope.release()
  }
}
