/** Which inputs the rows of the batch at hand came in by: what a job with sources knows of its queue. */
export interface BatchInputs {
  /** Inputs there are: the sources, which are there from the start, and behind them what is pushed into the job. */
  readonly count: number
  /** Runs of rows of the source batch that came in by one input; at least one. */
  readonly runCount: number
  /** The first row of the source batch behind a run. */
  endOf(run: number): number
  inputOf(run: number): number
  /** Whether rows of an input wait in the queue, or are in the batch at hand. */
  isQueued(input: number): boolean
  /**
   * What time it is for the rows that come next: no later than now, nor than they were given.
   *
   * @param isThrough Whether the batch at hand has been looked at.
   */
  reachedMs(nowMs: number, isThrough: boolean): number
  /** Has `look` called for each batch before the chain gets it: a filter may keep all of it from those behind. */
  onBatch(look: () => void): void
}
