import { AsyncIterableSource } from './iterable-source.ts'
import type { Source } from './source.ts'

/** The chunks of a WHATWG stream as an async iterable whose `return()` cancels the stream at once. */
export function chunksOf<T>(stream: ReadableStream<T>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const reader = stream.getReader()
      return {
        async next() {
          const { done, value } = await reader.read()
          return done ? { done: true, value: undefined } : { done: false, value }
        },
        // Cancelling ends a read that is still waiting; the stream's own iterator would queue behind it.
        async return() {
          await reader.cancel()
          return { done: true, value: undefined }
        },
      }
    },
  }
}

/** A WHATWG stream of events; cancelled when the job stops before its end. */
export function readableStreamSource<E>(stream: ReadableStream<E>, name: string): Source<E> {
  const source = new AsyncIterableSource(chunksOf(stream), name)
  return {
    get metadata() {
      return { ...source.metadata, kind: 'readableStream' }
    },
    run: intake => source.run(intake),
  }
}
