/** On which threads a job runs. */
export interface JobMode {
  /** `'thread'`: all on the thread that started it. `'shards'`: the rows are dealt out to workers by their keys. */
  readonly kind: 'thread' | 'shards'
  /** Workers beside the thread that started it. */
  readonly workers: number
  /** Why it runs on one thread though workers were asked for. */
  readonly reason?: string
}

/** A mode as `explain()` shows it; undefined where nobody asked for workers. */
export function describeMode({ kind, workers, reason }: JobMode): string | undefined {
  if (kind === 'shards') return `${workers} ${workers === 1 ? 'worker' : 'workers'}, each for the rows of its keys`
  return reason && `one: ${reason}`
}
