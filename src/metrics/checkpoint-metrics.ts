import type { Clock } from '../time/clock.ts'

/** The checkpoints of a job. The figures of the last are those of the newest that is durable. */
export interface CheckpointsSnapshot {
  /** How many became durable since the start. */
  completed: number
  /** How many failed. */
  failed: number
  /** The id of the last; 0: there is none yet. */
  lastId: number
  /** Milliseconds since its barrier: what would have to be done again. +Infinity while there is none. */
  lastAgeMs: number
  /** Its size, as the store has it. */
  lastBytes: number
  /** How long rows had to wait for it. */
  lastPauseMs: number
  /** From its barrier to being durable. */
  lastDurationMs: number
}

export function createCheckpointsSnapshot(): CheckpointsSnapshot {
  return {
    completed: 0,
    failed: 0,
    lastId: 0,
    lastAgeMs: Number.POSITIVE_INFINITY,
    lastBytes: 0,
    lastPauseMs: 0,
    lastDurationMs: 0,
  }
}

/** Counts the checkpoints of a job, and keeps the figures of the last. */
export class CheckpointMetrics {
  readonly #clock: Clock
  readonly #last = createCheckpointsSnapshot()
  #barrierNs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** One became durable, whose barrier was entered at `barrierNs`. */
  completed(
    {
      id,
      bytes,
      pauseMs,
      durationMs,
    }: {
      readonly id: number
      readonly bytes: Uint8Array
      readonly pauseMs: number
      readonly durationMs: number
    },
    barrierNs: number,
  ): void {
    this.#barrierNs = barrierNs
    this.#last.completed++
    this.#last.lastId = id
    this.#last.lastBytes = bytes.length
    this.#last.lastPauseMs = pauseMs
    this.#last.lastDurationMs = durationMs
  }

  failed(): void {
    this.#last.failed++
  }

  /** Writes what is known now, without allocation. */
  fill<S extends { readonly checkpoints: CheckpointsSnapshot }>(snapshot: S): S {
    const { checkpoints } = snapshot
    Object.assign(checkpoints, this.#last)
    if (checkpoints.lastId > 0) checkpoints.lastAgeMs = (this.#clock.monotonicNs() - this.#barrierNs) / 1e6
    return snapshot
  }
}
