import type { Job } from './job.ts'
import { expectArgument, has, isAsyncIterable } from './options.ts'

/** What is run by a stream: a pipeline. */
interface RunnablePipeline<In, Out, Options> {
  run(options?: Options): Promise<Job<In, Out>>
}

/**
 * The rows of a job (or of any async iterable) as a WHATWG stream, read as fast as its reader takes them. For Node:
 * `Readable.from(job)`.
 *
 * @example
 * const stream = toReadableStream(job)
 * for await (const row of stream) console.log(row.symbol, row.high)
 */
export function toReadableStream<R>(rows: AsyncIterable<R>): ReadableStream<R> {
  expectArgument('toReadableStream', rows, isAsyncIterable, 'a job, or what else is read by for await')
  let iterator: AsyncIterator<R> | undefined
  return new ReadableStream<R>(
    {
      async pull(controller) {
        iterator ??= rows[Symbol.asyncIterator]()
        const next = await iterator.next()
        if (next.done) controller.close()
        else controller.enqueue(next.value)
      },
      async cancel() {
        await iterator?.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

/**
 * Runs a pipeline between two streams: `events.pipeThrough(await throughStream(highs))`. Backpressure goes through it both
 * ways. Closing the writable side drains the job; aborting it, or cancelling the readable side, leaves the job behind; what
 * makes the job fail errors both. For Node: `Duplex.fromWeb(await throughStream(highs), { objectMode: true })`.
 *
 * @param options As for `run`, without what the streams are instead of: sources and sinks.
 * @throws EventfluxError as `run`.
 * @example
 * const results = new Response('…').body!.pipeThrough(new TextDecoderStream())
 * const { readable, writable } = await throughStream(highs)
 */
export async function throughStream<In, Out, Options extends object>(
  pipeline: RunnablePipeline<In, Out, Options>,
  options?: Omit<Options, 'source' | 'sources' | 'sink' | 'onBatch'>,
): Promise<{
  readonly writable: WritableStream<In>
  readonly readable: ReadableStream<Out>
  readonly job: Job<In, Out>
}> {
  expectArgument('throughStream', pipeline, has('run'), 'a pipeline')
  const job = await pipeline.run(options as Options)
  const leave = async (): Promise<void> => {
    await job.stop({ drain: false }).catch(() => {})
  }
  let refused: { readonly cause: unknown } | undefined
  async function* rows(): AsyncGenerator<Out, void, void> {
    try {
      yield* job
      if (refused) throw refused.cause
    } finally {
      await leave()
    }
  }
  const writable = new WritableStream<In>({
    async write(event) {
      try {
        await job.push(event)
      } catch (cause) {
        refused = { cause }
        await leave()
        throw cause
      }
    },
    close: async () => void (await job.drain()),
    abort: async cause => {
      refused = { cause }
      await leave()
    },
  })
  return { writable, readable: toReadableStream(rows()), job }
}
