import type { StateReader } from '../../checkpoint/state-reader.ts'
import { type Arena, ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { OwnKeys } from '../own-keys.ts'
import type { FinishTarget } from './finish.ts'
import { foundIds, type KeyIds, sameIds } from './key-ids.ts'
import type { IdMarker, KeyIndex } from './key-index.ts'

/** A single utf8 key: its dictionary codes are the ids (0 = the null key). Costs nothing per row. */
export class DictionaryKey implements KeyIndex {
  readonly kernels = []
  readonly #kernels: KernelExports
  readonly #column: number
  readonly #dictionary: Dictionary
  readonly #scope: ArenaScope
  readonly #scratchF64: number
  readonly #own: OwnKeys | undefined

  constructor(
    kernels: KernelExports,
    arena: Arena,
    options: { column: number; dictionary: Dictionary; maxBatch: number; own: OwnKeys | undefined },
  ) {
    this.#scope = new ArenaScope(arena)
    this.#scratchF64 = this.#scope.allocate(options.maxBatch * 8)
    this.#kernels = kernels
    this.#column = options.column
    this.#dictionary = options.dictionary
    this.#own = options.own
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

  restore(reader: StateReader): KeyIds {
    const { part } = reader
    const dictionary = this.#dictionary
    if (part === undefined) return sameIds(dictionary.codeLimit)
    return foundIds(reader, part.codeLimit(dictionary), code => {
      const text = part.textOf(reader, dictionary, code)
      return this.#own?.has(() => text) === false ? -1 : part.codeOf(reader, dictionary, code)
    })
  }

  close(): void {
    this.#scope.release()
  }
}
