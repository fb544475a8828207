import type { ErrorPolicy } from '../connector/error-policy.ts'
import { namesIds, type SinkLike } from '../connector/to-sink.ts'
import type { SourceLike } from '../connector/to-source.ts'
import type { EventfluxError } from '../errors.ts'
import type { Runtime } from '../kernels/create-runtime.ts'
import type { ResultOrder } from '../plan/total-order.ts'
import type { Clock } from '../time/clock.ts'
import type { BatchTaker } from './batch-sink-operator.ts'
import type { CheckpointOptions, RestoreFrom } from './checkpoint-options.ts'

/** How often workers are started anew, and when. */
export interface RestartPolicy {
  /** Times in a row, without a checkpoint in between (or 8 MiB of input, see `logBytes`); the next time the job fails. Default 3. */
  readonly attempts?: number
  /** Milliseconds from a loss to the new start; default 0. */
  readonly delayMs?: number
  /**
   * Bytes of input that may have come since the workers last put their states into bytes; it is kept for them. Default
   * 8 MiB.
   */
  readonly logBytes?: number
  /** Told of each start. */
  readonly onRestart?: (start: { readonly attempt: number; readonly error: EventfluxError }) => void
}

/** How a pipeline is run: where events come from, where results go, what happens when something fails. */
export interface RunOptions<In, Out> {
  /** Feeds the job; it drains and stops when the source (with several: every one) has ended. None: `push` feeds it. */
  readonly source?: SourceLike<In>
  readonly sources?: readonly SourceLike<In>[]
  /** Takes the result rows. None (and no `onBatch`): they wait for `for await (const row of job)`. */
  readonly sink?: SinkLike<Out>
  /**
   * Takes the results as columns, without an object per row; a promise is backpressure. Instead of `sink`. The second
   * argument is the `RowId` of the first row, and those behind it count on.
   */
  readonly onBatch?: BatchTaker
  /** The sinks of the side branches made with `tee`, by name. */
  // biome-ignore lint/suspicious/noExplicitAny: each branch has a row type of its own
  readonly sinks?: Readonly<Record<string, SinkLike<any>>>
  /**
   * What happens to a row that a stage fails on, by stage: `source` (events that don't fit the schema), `sink`, a
   * branch's name, or the name of a `filterRows`, `mapRows` or `process` step. Default: `'fail'`. An event that doesn't
   * fit is then thrown back to whoever pushed it, and the job goes on.
   */
  // biome-ignore lint/suspicious/noExplicitAny: each stage has a row type of its own
  readonly errors?: Readonly<Record<string, ErrorPolicy<any>>>
  /** Writes of an asynchronous sink that may be on their way at once; 1 (the default) keeps their order. */
  readonly maxInFlight?: number
  /** Rows that may wait for an iterating reader; default 1,024. */
  readonly readAhead?: number
  /**
   * Deals the rows out to this many workers, each on a thread of its own: 1 to 64, or `'auto'`: as many as the machine has
   * processors, at most 4. The results are those of one thread, in the order `order` asks for. A job that can't be dealt out
   * (functions of this program in it), or can't have threads here, runs on one: `job.mode` says which, and why.
   */
  readonly workers?: number | 'auto'
  /**
   * How rows are dealt out to workers. Default: `'batches'`, each to one of them, where what they make of the rows of a
   * window can be put together; else `'keys'`, all rows of a key to one of them. `job.mode` says which, and why.
   */
  readonly distribution?: 'keys' | 'batches'
  /**
   * The order of results that come from several workers. `'key'` (the default): those of one key in the order of one thread,
   * those of different keys as they are ready, or, where a sink names the parameter it gets ids of rows by, and windows fire
   * once, by the ends of windows and worker by worker. `'global'`: all in the order of one thread, so results wait for those of
   * other workers that come before them; rows are dealt out by keys, and what can't be put
   * in order runs on one thread. `'none'`: as they are ready, those
   * of one key too.
   */
  readonly order?: ResultOrder
  /**
   * What happens when a worker throws, runs out of memory or is gone: all of them are started anew, from their states at the
   * last checkpoint or since, and the results are those of a job that lost none. Functions must give the same for the same
   * rows. Default: the job fails. Jobs on one thread have nothing to lose.
   */
  readonly restart?: RestartPolicy
  /** Default: the runtime's clock. An `EventDrivenClock` is moved by the rows, for replays. */
  readonly clock?: Clock
  /** Evenly from 0 to below 1, for the jitter of backoffs; default `Math.random`. */
  readonly random?: () => number
  /** What it runs on; default: the kernels that came with the entry the pipeline was made with. */
  readonly runtime?: Runtime
  /** Has checkpoints taken and kept; see docs/checkpoints.md. Default: only `job.checkpoint()` takes one. */
  readonly checkpoint?: CheckpointOptions
  /**
   * Begins from a checkpoint: `'latest'` the newest in the store of `checkpoint`, a store the newest in there, bytes that
   * one. Default: the job begins anew.
   */
  readonly restore?: RestoreFrom
  /** Stops the job without draining. */
  readonly signal?: AbortSignal
}

/** Whether somebody gets the ids of rows. */
export const takesIds = ({ sink, sinks = {}, onBatch }: RunOptions<never, never>): boolean =>
  (onBatch?.length ?? 0) >= 2 || [sink, ...Object.values(sinks)].some(namesIds)

/** The sources of a job, in the order of their numbers. */
export function sourcesOf<In>({ source, sources = [] }: RunOptions<In, never>): readonly SourceLike<In>[] {
  return source === undefined ? sources : [source, ...sources]
}
