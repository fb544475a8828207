import type { Readable } from 'node:stream'
import { AsyncIterableSource } from '../connector/iterable-source.ts'
import type { Source } from '../connector/source.ts'
import { toSource } from '../connector/to-source.ts'

/**
 * A Node stream in object mode as a source of its objects; destroyed when the job stops before its end. For streams of
 * bytes use `ndjsonSource(readable)` or `csvSource(readable)`.
 *
 * @example
 * const source = fromReadable<{ id: number }>(Readable.from([{ id: 1 }, { id: 2 }]))
 */
export function fromReadable<E>(readable: Readable, options: { readonly name?: string } = {}): Source<E> {
  const name = options.name ?? 'readable'
  const source = new AsyncIterableSource<E>(untilDestroyed(readable), name)
  return toSource({
    get metadata() {
      return { ...source.metadata, kind: 'readable' }
    },
    run: intake => source.run(intake),
  })
}

/** The chunks of a stream; giving up destroys it at once, even while a read is waiting. */
export function untilDestroyed<T>(readable: Readable): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      const chunks: AsyncIterator<T> = readable[Symbol.asyncIterator]()
      return {
        next: () => chunks.next(),
        async return() {
          readable.destroy()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
