/** An operator that waits for instants of the clock. */
export interface TimedStage {
  /** The clock has reached `atMs`. Comes between two batches; false is backpressure, as from `process`. */
  timerDue(atMs: number): boolean
}

/** The clock of a job, as its operators see it. */
export interface StageTimers {
  now(): number
  /** Has `stage.timerDue` called once the clock reaches `atMs`, or earlier with the instant reached; returns how to stop that. */
  at(stage: TimedStage, atMs: number): () => void
}
