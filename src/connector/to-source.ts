import { EventfluxError, messageOf, optionInvalid, show, sourceFailed } from '../errors.ts'
import { HandlerSource } from './handler-source.ts'
import { ArraySource, AsyncIterableSource, IterableSource } from './iterable-source.ts'
import { readableStreamSource } from './readable-stream-source.ts'
import type { Source, SourceHandler, SourceMetadata } from './source.ts'

/** Everything that can feed a job. */
export type SourceLike<E> =
  | Source<E>
  | SourceHandler<E>
  | readonly E[]
  | Iterable<E>
  | AsyncIterable<E>
  | ReadableStream<E>

interface ToSourceOptions {
  /** The name in errors and metrics. Default: what it is. */
  readonly name?: string
  /** How long to leave a SourceHandler alone that had nothing, in milliseconds. Default 5. */
  readonly idleMs?: number
}

/**
 * Makes a source of arrays, iterables, async iterables, WHATWG streams and SourceHandlers; a Source stays what it is.
 * Whatever fails inside reaches the job as `SOURCE_FAILED` with its cause.
 *
 * @throws EventfluxError `OPTION_INVALID` when `input` is none of them (a string is refused, though it is iterable).
 *
 * @example
 * ```ts
 * const source = toSource([{ id: 1 }, { id: 2 }])
 * source.metadata.kind // 'array'
 * ```
 */
export function toSource<E>(input: SourceLike<E>, options: ToSourceOptions = {}): Source<E> {
  const source = adapt(input, options)
  return {
    get metadata() {
      return metadataOf(source)
    },
    run: async intake => {
      try {
        await source.run(intake)
      } catch (cause) {
        throw failure(source, cause)
      }
    },
    close: async () => {
      try {
        await source.close?.()
      } catch (cause) {
        throw failure(source, cause)
      }
    },
    ...(source.snapshot && { snapshot: (writer, rows) => source.snapshot!(writer, rows) }),
    ...(source.restore && { restore: reader => source.restore!(reader) }),
    ...(source.forget && {
      forget: async rows => {
        try {
          await source.forget!(rows)
        } catch (cause) {
          throw failure(source, cause)
        }
      },
    }),
  }
}

function adapt<E>(input: SourceLike<E>, { name, idleMs = 5 }: ToSourceOptions): Source<E> {
  if (!(Number.isFinite(idleMs) && idleMs >= 0)) {
    throw optionInvalid(`idleMs is ${show(idleMs)} and must be milliseconds of at least 0`, { value: idleMs })
  }
  if (Array.isArray(input)) return new ArraySource<E>(input, name ?? 'array')
  if (typeof input === 'object' && input !== null) {
    if ('run' in input && typeof input.run === 'function') return input
    if ('receive' in input && typeof input.receive === 'function') return new HandlerSource(input, idleMs)
    if ('getReader' in input) return readableStreamSource(input, name ?? 'stream')
    if (Symbol.asyncIterator in input) return new AsyncIterableSource(input, name ?? 'async iterable')
    if (Symbol.iterator in input) return new IterableSource(input as Iterable<E>, name ?? 'iterable')
  }
  throw optionInvalid(
    `${show(input)} can't be a source: use an array, an iterable, an async iterable, a ReadableStream, a SourceHandler or a Source${adapterFor(input)}`,
    { value: input },
  )
}

/** What makes a source of it, by how it is listened to. */
function adapterFor(input: unknown): string {
  const has = (method: string): boolean => typeof (input as Record<string, unknown> | null)?.[method] === 'function'
  if (has('subscribe')) return '; fromObservable() makes one of an observable'
  if (has('addEventListener')) return '; fromEventTarget() makes one of an EventTarget'
  return has('on') ? "; fromEmitter() of 'eventflux/node' makes one of an EventEmitter" : ''
}

/** @throws EventfluxError `SOURCE_FAILED` when a source fails at telling about itself. */
function metadataOf(source: Source<never>): SourceMetadata {
  try {
    const { metadata } = source
    // What is no object has no name, either.
    void metadata.name
    return metadata
  } catch (cause) {
    if (cause instanceof EventfluxError) throw cause
    throw sourceFailed(`a source failed to give its metadata: ${messageOf(cause)}`, { at: 'metadata', cause })
  }
}

function failure(source: Source<never>, cause: unknown): EventfluxError {
  if (cause instanceof EventfluxError) return cause
  let name = 'source'
  try {
    name = source.metadata.name
  } catch {
    // What it failed on first is what there is to say.
  }
  return sourceFailed(`source "${name}" failed: ${messageOf(cause)}`, { at: name, cause })
}
