import { EventfluxError } from '../errors.ts'
import { expectArgument, isObject } from '../options.ts'

/**
 * What a sink offers whose rows shall come out exactly once: rows are written in transactions, one per checkpoint. All
 * three or none; without them rows come out at least once, `flush` being called for every checkpoint.
 */
export interface TransactionalSink {
  /**
   * Ends the transaction at hand: all rows written before this call are of it, those written after of the next one.
   * Resolves when the rows are safe, and still invisible. What it resolves with (anything a `StateWriter` takes as a
   * value) is kept in the checkpoint, and is enough to commit after a crash.
   */
  prepare?(checkpointId: number): unknown
  /**
   * Makes the rows of a transaction visible: its checkpoint is durable. Called in the order of the ids, before `close`; and
   * again, before the first write, in a job restored from a checkpoint that has the transaction: what is committed already
   * stays as it is.
   */
  commit?(checkpointId: number, prepared: unknown): void | Promise<void>
  /**
   * Throws away everything that was written or prepared after the checkpoint of this id: it will come again, or never.
   * Called in a job that restores, after the commits and before the first write (0: there was no checkpoint); it must do
   * for transactions it only finds traces of. While a job runs nothing is aborted: a transaction whose checkpoint failed is
   * committed with the next one. What is not prepared at `close` is thrown away there; what is prepared stays as it is.
   */
  abort?(checkpointId: number): void | Promise<void>
}

/**
 * Which row of an output it is. A row that is written again, by a job that begins from a checkpoint, has the id it had: who
 * keeps the ids of what it took, or the last one, leaves out what it has. No two rows of a job and the jobs that go on from
 * its checkpoints have the same id.
 *
 * @example
 * let last: RowId = { epoch: -1, sequence: -1 }
 * const isNew = ({ epoch, sequence }: RowId) =>
 *   epoch > last.epoch || (epoch === last.epoch && sequence > last.sequence)
 */
export interface RowId {
  /**
   * 0, and as long as rows would come out in the same order again, that for good: for what one input gives, event time,
   * one thread or stages, workers with `order: 'global'`, or as many workers as before, where windows fire once, by their ends. Where a job goes on otherwise than it was, a new epoch begins, greater than those before: the time of the
   * clock, in milliseconds. Its rows may be there under another id.
   */
  readonly epoch: number
  /** The number of the row in its epoch, from 0, counted through checkpoints. */
  readonly sequence: number
}

/**
 * The push contract of an output: what a connector to some outside system implements.
 *
 * @example
 * const rows: unknown[] = []
 * const handler: SinkHandler<{ total: number }> = { send: row => void rows.push(row) }
 */
export interface SinkHandler<R> extends TransactionalSink {
  /**
   * Takes one row. A promise is backpressure. Throws or rejects when the row was not taken, best with a `SinkError`.
   *
   * `id` says which row of the output it is: one that is written again, after a crash or by a policy that retries, has the
   * id it had.
   */
  send(row: R, id: RowId): void | Promise<void>
  /** Resolves when everything accepted before the call is durable. Called on checkpoint, on stop, and when idle. */
  flush?(): void | Promise<void>
  /**
   * Called once, in whichever way the job ends: after the last `flush`, or with what made the job fail, when rows may still
   * be on their way.
   */
  close?(failure?: unknown): void | Promise<void>
}

/** What the runtime writes to: everything `toSink` accepts becomes one. Errors surface as throws or rejections of `write`, `flush` and `close`. */
export interface Sink<R = unknown> extends TransactionalSink {
  readonly name: string
  /**
   * Takes one row; a promise resolves when the row was taken. `id`: as of `SinkHandler.send`; jobs give it to a `write` that
   * names two parameters.
   */
  write(row: R, id?: RowId): void | Promise<void>
  /** Rows that may be on their way at once; 1 keeps the order. Default 1. */
  readonly maxInFlight?: number
  flush?(): void | Promise<void>
  /** As `SinkHandler.close`. */
  close?(failure?: unknown): void | Promise<void>
}

/**
 * A sink's refusal of one row, saying whether another attempt may help.
 *
 * @example
 * ```ts
 * const sink = {
 *   send(row: { id: number }) {
 *     if (row.id < 0) throw new SinkError('ids are positive', { retriable: false, event: row })
 *   },
 * }
 * ```
 */
export class SinkError<R = unknown> extends EventfluxError {
  override readonly name = 'SinkError'
  /** False: retry policies give up at once. */
  readonly retriable: boolean
  /** The row that was refused. */
  readonly event: R | undefined

  constructor(message: string, details: { retriable: boolean; event?: R; cause?: unknown }) {
    expectArgument('SinkError', details, isObject, '{ retriable } behind its message')
    super('SINK_FAILED', message, { cause: details.cause, value: details.event })
    this.retriable = details.retriable
    this.event = details.event
  }
}
