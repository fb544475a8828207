import { ListenerSource } from '../connector/listener-source.ts'
import type { Source } from '../connector/source.ts'
import { toSource } from '../connector/to-source.ts'
import { sourceFailed } from '../errors.ts'
import { type MessageOptions, messageReader } from './message-events.ts'

/** How server-sent events are read. */
export interface EventSourceOptions<E> extends MessageOptions<E> {
  /** Types of events that are taken. Default: `message`. */
  readonly types?: readonly string[]
  /** A type of event that ends the source: server-sent events have no end of their own. */
  readonly endOn?: string
  readonly withCredentials?: boolean
}

/** `EventSource.CLOSED`: it has given up. */
const CLOSED = 2

/**
 * Server-sent events as a source. They are reconnected by the runtime, which tells the server the last id it saw; where it
 * gives up (another status than 200, another type), the source fails.
 *
 * @param address A URL, or what opens an EventSource.
 * @example
 * const source = fromEventSource<{ time: number; symbol: string }>('/trades', { types: ['trade'], endOn: 'end' })
 */
export function fromEventSource<E>(
  address: string | URL | (() => EventSource),
  options: EventSourceOptions<E> = {},
): Source<E> {
  const { name = 'eventsource', types = ['message'], endOn, withCredentials = false } = options
  const open = typeof address === 'function' ? address : () => new EventSource(address, { withCredentials })
  return toSource(
    new ListenerSource<E>({
      name,
      kind: 'eventsource',
      maxWaiting: options.maxWaiting,
      subscribe(listener) {
        const events = open()
        const read = messageReader(options, name, listener)
        for (const type of types) events.addEventListener(type, message => read(message as MessageEvent))
        if (endOn !== undefined) events.addEventListener(endOn, listener.end)
        events.addEventListener('error', () => {
          if (events.readyState === CLOSED) listener.fail(sourceFailed('the server gives no events', { at: name }))
        })
        return () => events.close()
      },
    }),
  )
}
