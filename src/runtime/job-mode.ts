import type { ResultOrder } from '../plan/total-order.ts'

/** On which threads a job runs. */
export interface JobMode {
  /**
   * `'thread'`: all on the thread that started it. `'shards'`: the rows are dealt out to workers. `'stages'`: each stage is
   * done by a worker of its own.
   */
  readonly kind: 'thread' | 'shards' | 'stages'
  /** Workers beside the thread that started it. */
  readonly workers: number
  /**
   * How rows are dealt out to workers: `'batches'`, as they come, and what each worker makes of a window's rows is put
   * together; or `'keys'`, all rows of a key to one worker.
   */
  readonly distribution?: 'keys' | 'batches'
  /** The order of the results of shards, if it isn't that of each key: see `RunOptions.order`. */
  readonly order?: Exclude<ResultOrder, 'key'>
  /** Why it runs on one thread though it was to have workers, or why these get the rows of their keys and not batches. */
  readonly reason?: string
}

/** A mode as `explain()` shows it; undefined where nobody asked for workers. */
export function describeMode({ kind, workers, distribution, order, reason }: JobMode): string | undefined {
  if (kind === 'shards') {
    const share = distribution === 'batches' ? 'some of the batches' : 'the rows of its keys'
    const ordered = order === undefined ? '' : `, results in ${ORDERS[order]}`
    const why = reason === undefined ? '' : `: ${reason}`
    return `${workers} ${workers === 1 ? 'worker' : 'workers'}, each for ${share}${ordered}${why}`
  }
  if (kind === 'stages') return `${workers} workers, each for a stage`
  return reason && `one: ${reason}`
}

const ORDERS = { global: 'the order of one thread', none: 'any order' } as const
