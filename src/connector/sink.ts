import { EventfluxError } from '../errors.ts'

/**
 * The push contract of an output: what a connector to some outside system implements.
 *
 * @example
 * const rows: unknown[] = []
 * const handler: SinkHandler<{ total: number }> = { send: row => void rows.push(row) }
 */
export interface SinkHandler<R> {
  /** Takes one row. A promise is backpressure. Throws or rejects when the row was not taken, best with a `SinkError`. */
  send(row: R): void | Promise<void>
  /** Resolves when everything accepted before the call is durable. Called on checkpoint, on stop, and when idle. */
  flush?(): void | Promise<void>
  /**
   * Called once, in whichever way the job ends: after the last `flush`, or with what made the job fail, when rows may still
   * be on their way.
   */
  close?(failure?: unknown): void | Promise<void>
}

/** What the runtime writes to: everything `toSink` accepts becomes one. Errors surface as throws or rejections of `write`, `flush` and `close`. */
export interface Sink<R = unknown> {
  readonly name: string
  /** Takes one row; a promise resolves when the row was taken. */
  write(row: R): void | Promise<void>
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
