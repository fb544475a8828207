import { optionInvalid, show } from '../errors.ts'
import type { RowId, Sink, SinkHandler } from './sink.ts'

/** An array whose elements may be rows, among other things. */
interface Collector<R> {
  readonly length: number
  push(row: R): number
}

/** Everything that can take the rows of a job. A function of two parameters gets the id of each row too. */
export type SinkLike<R> =
  | ((row: R, id: RowId) => void | Promise<void>)
  // biome-ignore lint/suspicious/noExplicitAny: functions whose result is of no interest (`row => rows.push(row)`) are welcome
  | ((row: R, id: RowId) => any)
  | Collector<R>
  | Sink<R>
  | SinkHandler<R>
  | WritableStream<R>

interface ToSinkOptions {
  /** The name in errors and metrics. Default: what it is. */
  readonly name?: string
  /** Rows that may be on their way at once; 1 keeps their order. Default 1. */
  readonly maxInFlight?: number
}

/**
 * Makes a sink of functions (synchronous or not), arrays (they collect), WHATWG streams and SinkHandlers; a Sink stays
 * what it is. Functions that name two parameters get the `RowId` of each row, others the row alone, so that
 * `console.log` prints rows.
 *
 * @throws EventfluxError `OPTION_INVALID` when `output` is none of them.
 *
 * @example
 * ```ts
 * const rows: { high: number }[] = []
 * const sink = toSink(rows)
 * sink.write({ high: 10.5 })
 * ```
 */
export function toSink<R>(output: SinkLike<R>, options: ToSinkOptions = {}): Sink<R> {
  const { maxInFlight } = options
  if (maxInFlight !== undefined && !(Number.isSafeInteger(maxInFlight) && maxInFlight >= 1)) {
    throw optionInvalid(`maxInFlight is ${show(maxInFlight)} and must be an integer of at least 1`, {
      value: maxInFlight,
    })
  }
  const given = maxInFlight === undefined ? {} : { maxInFlight }
  if (typeof output === 'function') return functionSink(output, options.name ?? (output.name || 'function'), given)
  if (Array.isArray(output)) return { name: options.name ?? 'array', write: row => void output.push(row), ...given }
  if (typeof output === 'object' && output !== null) {
    if ('pipe' in output) {
      throw optionInvalid('a Node stream becomes a sink through toWritable() of eventflux/node', { value: output })
    }
    if ('write' in output && typeof output.write === 'function') return output
    if ('send' in output && typeof output.send === 'function')
      return handlerSink(output, options.name ?? 'handler', given)
    if ('getWriter' in output) return streamSink(output, options.name ?? 'stream')
  }
  throw optionInvalid(
    `${show(output)} can't be a sink: use a function, an array, a WritableStream, a SinkHandler or a Sink`,
    { value: output },
  )
}

/** Whether a sink names the parameter it gets ids of rows by. */
export function namesIds(output: SinkLike<never> | undefined): boolean {
  if (typeof output === 'function') return output.length >= 2
  if (typeof output !== 'object' || output === null) return false
  if ('write' in output && typeof output.write === 'function') return output.write.length >= 2
  return 'send' in output && typeof output.send === 'function' && output.send.length >= 2
}

/** The id of rows that no job writes. */
const NO_ID: RowId = { epoch: 0, sequence: 0 }

function functionSink<R>(take: (row: R, id: RowId) => unknown, name: string, given: { maxInFlight?: number }): Sink<R> {
  const settled = (taken: unknown): void | Promise<void> => {
    if (typeof (taken as Promise<void> | null | undefined)?.then === 'function') return taken as Promise<void>
  }
  const takeAlone = take as (row: R) => unknown
  return {
    name,
    write: take.length < 2 ? row => settled(takeAlone(row)) : (row, id) => settled(take(row, id ?? NO_ID)),
    ...given,
  }
}

function handlerSink<R>(handler: SinkHandler<R>, name: string, given: { maxInFlight?: number }): Sink<R> {
  return {
    name,
    write: (row, id) => handler.send(row, id ?? NO_ID),
    flush: () => handler.flush?.(),
    close: failure => handler.close?.(failure),
    ...(handler.prepare && {
      prepare: id => handler.prepare!(id),
      commit: (id, prepared) => handler.commit?.(id, prepared),
      abort: id => handler.abort?.(id),
    }),
    ...given,
  }
}

/**
 * A write waits while the stream has no room (`writer.ready`), and is not waited for beyond that: the stream queues it.
 * A write that fails errors the stream, which the next write, `flush` or `close` reports. After a failure of the job the
 * stream gets what was written before, and is then aborted: its end must not look like that of a complete output.
 */
function streamSink<R>(stream: WritableStream<R>, name: string): Sink<R> {
  const writer = stream.getWriter()
  let last: Promise<void> = Promise.resolve()
  // The stream reports each failure several times; the ones nobody awaits must not be unhandled rejections.
  const ignore = (): void => {}
  writer.closed.catch(ignore)
  return {
    name,
    write(row) {
      last = writer.write(row)
      last.catch(ignore)
      if ((writer.desiredSize ?? 0) <= 0) return writer.ready
    },
    flush: () => last,
    async close(failure) {
      // A stream that failed before can't be closed; `closed` is what says why.
      if (failure === undefined) return writer.close().catch(() => writer.closed)
      await last.catch(ignore)
      await writer.abort(failure)
    },
  }
}
