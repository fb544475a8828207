import { ListenerSource } from '../connector/listener-source.ts'
import { type Sink, SinkError } from '../connector/sink.ts'
import type { Source } from '../connector/source.ts'
import { toSource } from '../connector/to-source.ts'
import { type MessageOptions, messageReader } from './message-events.ts'

/**
 * What others of the same origin say in a BroadcastChannel, as a source that runs until it is stopped. Nobody there can be
 * slowed down: while a push waits for room, `maxWaiting` events are kept, and what comes beyond is refused and counted.
 *
 * @example
 * const source = fromBroadcastChannel<{ time: number; symbol: string }>('trades')
 */
export function fromBroadcastChannel<E>(channel: string, options: MessageOptions<E> = {}): Source<E> {
  const { name = channel } = options
  return toSource(
    new ListenerSource<E>({
      name,
      kind: 'broadcastChannel',
      maxWaiting: options.maxWaiting,
      subscribe(listener) {
        const opened = new BroadcastChannel(channel)
        opened.onmessage = messageReader(options, name, listener)
        return () => opened.close()
      },
    }),
  )
}

/**
 * A BroadcastChannel as a sink: a message a row, to whoever listens. There is no backpressure.
 *
 * @example
 * const sink = toBroadcastChannel<{ symbol: string; high: number }>('windows')
 */
export function toBroadcastChannel<R>(channel: string, options: { readonly name?: string } = {}): Sink<R> {
  const { name = channel } = options
  const opened = new BroadcastChannel(channel)
  return {
    name,
    write(row) {
      try {
        opened.postMessage(row)
      } catch (cause) {
        throw new SinkError(`a row can't be sent through "${name}"`, { retriable: false, event: row, cause })
      }
    },
    close: () => opened.close(),
  }
}
