import type { EventEmitter } from 'node:events'
import { ListenerSource } from '../connector/listener-source.ts'
import type { Source } from '../connector/source.ts'
import { toSource } from '../connector/to-source.ts'

/** What an emitter's events become, and when they end. */
export interface FromEmitterOptions<Args extends readonly unknown[], E> {
  /** The name in errors and metrics. Default: the event's. */
  readonly name?: string
  /** Makes the event that enters the pipeline of the listener's arguments; undefined drops it. Default: the first one. */
  readonly map?: (...args: Args) => E | undefined
  /** The event of the emitter that ends the source. Default: none. */
  readonly endOn?: string
  /** Events kept while a push waits for room; beyond that they are refused and counted. Default 1,024. */
  readonly maxWaiting?: number
}

/**
 * The events of an EventEmitter as a source. An `error` event of the emitter fails it.
 *
 * @example
 * const source = fromEmitter(new EventEmitter(), 'reading', { map: (value: number) => ({ value }), endOn: 'end' })
 */
export function fromEmitter<Args extends readonly unknown[], E = Args[0]>(
  emitter: EventEmitter,
  event: string,
  options: FromEmitterOptions<Args, E> = {},
): Source<E> {
  const { map, endOn } = options
  return toSource(
    new ListenerSource<E>({
      name: options.name ?? event,
      kind: 'emitter',
      maxWaiting: options.maxWaiting,
      subscribe({ event: push, end, fail }) {
        const listener = (...args: unknown[]): void => {
          let mapped: E | undefined
          try {
            mapped = map ? map(...(args as unknown as Args)) : (args[0] as E)
          } catch (cause) {
            fail(cause)
            return
          }
          if (mapped !== undefined) push(mapped)
        }
        emitter.on(event, listener)
        emitter.on('error', fail)
        if (endOn !== undefined) emitter.on(endOn, end)
        return () => {
          emitter.off(event, listener)
          emitter.off('error', fail)
          if (endOn !== undefined) emitter.off(endOn, end)
        }
      },
    }),
  )
}
