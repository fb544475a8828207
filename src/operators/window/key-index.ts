import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { FinishTarget } from './finish.ts'
import type { KeyIds } from './key-ids.ts'

/** Tells an index which ids live state still refers to, before it hands out the others again. */
export type IdMarker = (mark: (id: number) => void) => void

/**
 * Rows → ids of their keys: small, dense, and the same for a key as long as live state refers to it, so that state is
 * addressed directly by id.
 */
export interface KeyIndex {
  /** Address of the id of each row of the batch (by row position), valid until the next call. */
  assign(batch: RecordBatch): number
  /** Every id of the last batch, and every live id, is below this. */
  readonly idLimit: number
  /** Writes key column `which` of the given ids. */
  writeKeys(ids: number, count: number, which: number, target: FinishTarget): void
  /** Marks the dictionary codes the live keys hold. */
  markCodes(dictionary: Dictionary, liveIds: IdMarker, mark: Parameters<CodeMarker>[0]): void
  /** Writes the keys of the live ids. Dictionaries are not its own: their codes stay what they are. */
  snapshot(writer: StateWriter): void
  /** Gives a fresh index the keys, under the ids they had; of a part of a state, those that are its own, as they are asked for. */
  restore(reader: StateReader): KeyIds
  /** Kernels called per batch, for explain(). */
  readonly kernels: readonly string[]
  close(): void
}
