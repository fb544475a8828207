import { EventfluxError } from '../errors.ts'

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
   * `number` says which row of the output it is, from 0, counted through checkpoints: a row that is written again after a
   * crash has the number it had, so an outside system that keeps the last one it took can leave out what it has. The order
   * of rows has to be the same again, as it is for one input and event time.
   */
  send(row: R, number: number): void | Promise<void>
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
  /** Takes one row; a promise resolves when the row was taken. `number`: as of `SinkHandler.send`. */
  write(row: R, number?: number): void | Promise<void>
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
    super('SINK_FAILED', message, { cause: details.cause, value: details.event })
    this.retriable = details.retriable
    this.event = details.event
  }
}
