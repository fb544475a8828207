import type { ArchiveOptions } from '../checkpoint/checkpoint-archive.ts'
import type { CheckpointStore } from '../checkpoint/checkpoint-store.ts'
import type { RestoreOptions } from '../checkpoint/restore.ts'
import type { EventfluxError } from '../errors.ts'

/** When checkpoints are taken without being asked for, and what happens when one fails. */
export interface CheckpointPace {
  /** Milliseconds from one to the next; while one is still under way, no further one begins. */
  readonly everyMs?: number
  /** Rows accepted from one to the next. */
  readonly everyEvents?: number
  /**
   * What happens when a checkpoint can't be made durable: `'fail'` (the default) ends the job; a function is told, and the
   * job goes on, to try again with the next one. Where another job has written to the same store, this one always ends.
   */
  readonly onFailure?: 'fail' | ((error: EventfluxError) => void)
}

/** The checkpoints of a job: where they are kept, when they are taken, how many are kept. */
export interface CheckpointOptions extends ArchiveOptions, CheckpointPace {}

/** What a job starts from: the newest checkpoint of its own store, of another one, the bytes of one; or see its options. */
export type RestoreFrom = 'latest' | CheckpointStore | Uint8Array | RestoreOptions
