import type { Section } from '../checkpoint/checkpoint-format.ts'

/** What is sent behind the rows accepted so far: all state in front of it is of one checkpoint. */
export interface Barrier {
  /** The checkpoint's id. Barriers come in the order of their ids. */
  readonly id: number
}

/** One consistent cut. */
export interface Snapshot {
  readonly sections: readonly Section[]
  /** How long rows had to wait for it, in nanoseconds of the job's clock. */
  readonly pauseNs: number
}

/** Whatever runs operators, here or in workers, as the one who coordinates checkpoints sees it. */
export interface Checkpointed {
  /**
   * Enters the barrier, in this turn: what the inputs have given so far is in front of it. Resolves with the sections once
   * the barrier is through all operators and the sinks have prepared; rejects when that can't be.
   */
  snapshotAt(barrier: Barrier): Promise<Snapshot>
  /** The checkpoint is durable: what was prepared for it is committed. */
  completed(barrier: Barrier): Promise<void>
  /** No checkpoint that is kept is older: what only older ones need may go. */
  forget(barrier: Barrier): Promise<void>
}
