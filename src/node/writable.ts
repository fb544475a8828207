import type { Writable } from 'node:stream'
import type { Sink } from '../connector/sink.ts'
import { type EventfluxError, sinkFailed } from '../errors.ts'
import { expectArgument, has } from '../options.ts'

/** What a stream is called, and whether it ends with its sink. */
export interface ToWritableOptions {
  /** The name in errors and metrics. */
  readonly name?: string
  /** Whether closing the sink ends the stream. Default: true, except for stdout and stderr. */
  readonly end?: boolean
}

/**
 * A Node stream as a sink, in object mode or, under `ndjsonSink` and `csvSink`, of bytes. A write waits for `drain` when
 * the stream is full; `flush` resolves when the stream has passed on all that was written before; an error of the
 * stream is reported by what waits for it, and by every call after it. When the job fails, the stream gets what was
 * written before and is then destroyed.
 *
 * @example
 * const sink = ndjsonSink(toWritable(createWriteStream('windows.ndjson')))
 */
export function toWritable<R>(stream: Writable, options: ToWritableOptions = {}): Sink<R> {
  expectArgument('toWritable', stream, has('write', 'on'), 'a stream of Node that can be written to')
  const { name = 'writable' } = options
  const isStandard = stream === process.stdout || stream === process.stderr
  const { end = !isStandard } = options
  let failure: EventfluxError | undefined
  /** Resolves when the stream has called back for the last write, or failed: a destroyed stream may never call back. */
  let isWritten: Promise<void> = Promise.resolve()
  let endWait = (): void => {}
  let waiters: { readonly resolve: () => void; readonly reject: (error: EventfluxError) => void }[] = []

  const settle = (): void => {
    const settled = waiters
    waiters = []
    for (const { resolve, reject } of settled) {
      if (failure) reject(failure)
      else resolve()
    }
  }
  const fail = (message: string, cause?: unknown): void => {
    failure ??= sinkFailed(`sink "${name}" failed: ${message}`, { at: name, cause })
    endWait()
    settle()
  }
  stream.on('error', error => fail(error.message, error))
  stream.on('drain', settle)
  stream.on('close', () => {
    if (!stream.writableFinished) fail('the stream was closed before its end')
  })

  return {
    name,
    write(row) {
      if (failure) throw failure
      let resolve!: () => void
      const passedOn = new Promise<void>(then => {
        resolve = then
      })
      // Throws where the row is of no kind the stream takes: that write is none, and the ones before are still waited for.
      stream.write(row, error => {
        if (error) fail(error.message, error)
        resolve()
      })
      isWritten = passedOn
      endWait = resolve
      if (stream.writableNeedDrain) return new Promise((resolve, reject) => waiters.push({ resolve, reject }))
    },
    async flush() {
      if (failure) throw failure
      await isWritten
      if (failure) throw failure
    },
    async close(reason) {
      if (failure) throw failure
      await isWritten
      if (end && reason !== undefined) stream.destroy(reason instanceof Error ? reason : undefined)
      else if (end) {
        await new Promise<void>((resolve, reject) => {
          stream.once('error', reject)
          stream.end(resolve)
        }).catch(error => fail(error.message, error))
      }
      if (failure) throw failure
    },
  }
}
