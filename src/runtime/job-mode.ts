/** On which threads a job runs. */
export interface JobMode {
  /**
   * `'thread'`: all on the thread that started it. `'shards'`: the rows are dealt out to workers by their keys. `'stages'`:
   * each stage is done by a worker of its own.
   */
  readonly kind: 'thread' | 'shards' | 'stages'
  /** Workers beside the thread that started it. */
  readonly workers: number
  /** Why it runs on one thread though it was to have workers. */
  readonly reason?: string
}

/** A mode as `explain()` shows it; undefined where nobody asked for workers. */
export function describeMode({ kind, workers, reason }: JobMode): string | undefined {
  if (kind === 'shards') return `${workers} ${workers === 1 ? 'worker' : 'workers'}, each for the rows of its keys`
  if (kind === 'stages') return `${workers} workers, each for a stage`
  return reason && `one: ${reason}`
}
