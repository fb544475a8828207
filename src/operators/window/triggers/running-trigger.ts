import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { TriggerResult } from '../../../time/triggers.ts'
import type { BatchRows } from '../batch-rows.ts'
import type { KeyIds } from '../key-ids.ts'
import type { IdMarker } from '../key-index.ts'

/** What is due at an instant: the same for all of some keys. */
export interface DueKeys {
  readonly atMs: number
  readonly ids: readonly number[]
  readonly action: TriggerResult
}

/** A trigger at work: it decides when the windows of keys fire. */
export interface RunningTrigger {
  /** Kernels called per batch, and what runs in TypeScript, for explain(). */
  readonly kernels: readonly string[]
  readonly inTypeScript: string | undefined
  /** Whether it looks at each row on its own, and at the watermark that row meets. */
  readonly isPerRow: boolean
  /** The watermark at which to ask for what is due; Infinity: none. */
  readonly dueAt: number
  /** The least watermark at which something may fire, as things stand; Infinity: none. */
  readonly firesAt: number
  /** Makes room for ids below `idLimit`. */
  reserve(idLimit: number): void
  /** Rows are next, from the cursor on. */
  rowsNext(rows: BatchRows): void
  /**
   * Looks at the rows from `from` to `to` - 1, which are next; returns the position of the first that makes its key act, `to`
   * when none does.
   */
  next(rows: BatchRows, from: number, to: number): number
  /** What the key of the row does at which `next` stopped. */
  readonly action: TriggerResult
  /** Takes what is due at the watermark, or the first part of it; undefined: nothing is. */
  takeDue(watermark: number): DueKeys | undefined
  /** The instant of the job's clock at which something is due; Infinity when nothing is. */
  readonly wakeAt: number
  /** Takes what is due by the clock; undefined: nothing is. */
  takeDueByClock(nowMs: number): DueKeys | undefined
  /** The content of a key is gone. */
  purged(id: number): void
  /** Marks the keys it remembers something of that are to be known again when they come again. */
  markIds: IdMarker
  /** Writes what it remembers. */
  snapshot(writer: StateWriter): void
  /** Takes over in a new trigger what another of its kind remembered; of parts of a state, one after the other. */
  restore(reader: StateReader, keys: KeyIds): void
  close(): void
}
