import { ListenerSource } from '../connector/listener-source.ts'
import { encodeJson } from '../connector/ndjson-encoder.ts'
import { type Sink, SinkError } from '../connector/sink.ts'
import type { Source } from '../connector/source.ts'
import { toSource } from '../connector/to-source.ts'
import { sourceFailed } from '../errors.ts'
import { type MessageOptions, messageReader } from './message-events.ts'
import { onPageLifecycle } from './page-lifecycle.ts'

/** How long to wait before a connection is opened anew: doubled at each failure, between the two, with jitter. */
export interface Reconnect {
  /** Default 500. */
  readonly initialMs?: number
  /** Default 30,000. */
  readonly maxMs?: number
}

/** How a WebSocket is read. */
export interface WebSocketOptions<E> extends MessageOptions<E> {
  /** Subprotocols, where an address is given. */
  readonly protocols?: string | string[]
  /** Opens the connection anew when it breaks; false (the default) ends the source. A clean close by the server ends it. */
  readonly reconnect?: Reconnect | boolean
  /** Called with each connection when it opens: the place to send what subscribes. */
  readonly onOpen?: (socket: WebSocket) => void
}

/**
 * The messages of a WebSocket as a source. A server can't be slowed down: while a push waits for room, `maxWaiting` events
 * are kept, and what comes beyond is refused and counted; a dropping strategy is often what a live feed wants. A message that
 * can't be read is a rejected input. A connection that breaks fails the source, unless it may `reconnect`.
 *
 * In a page the connection is closed while the page is frozen or in the back/forward cache, and opened again when it comes
 * back. A worker isn't told: let it `reconnect`.
 *
 * @param address A URL, or what opens a connection.
 * @example
 * const source = fromWebSocket<{ time: number; symbol: string; price: number }>('wss://example.org/feed', {
 *   reconnect: true,
 *   onOpen: socket => socket.send('{"subscribe":"ACME"}'),
 * })
 */
export function fromWebSocket<E>(
  address: string | URL | (() => WebSocket),
  options: WebSocketOptions<E> = {},
): Source<E> {
  const { name = 'websocket', onOpen } = options
  const open = typeof address === 'function' ? address : () => new WebSocket(address, options.protocols)
  const reconnect = options.reconnect === true ? {} : options.reconnect
  return toSource(
    new ListenerSource<E>({
      name,
      kind: 'websocket',
      maxWaiting: options.maxWaiting,
      subscribe(listener) {
        const { end, fail, clock } = listener
        const read = messageReader(options, name, listener)
        let socket: WebSocket | undefined
        let failures = 0
        let cancel = (): void => {}
        let isAway = false

        const connect = (): void => {
          const current = open()
          socket = current
          current.onopen = () => {
            failures = 0
            onOpen?.(current)
          }
          current.onmessage = read
          current.onclose = ({ code, reason, wasClean }) => {
            if (socket !== current || isAway) return
            if (wasClean && code === 1000) end()
            else if (reconnect) again()
            else
              fail(
                sourceFailed(`the connection broke: ${code}${reason ? ` ${reason}` : ''}`, { at: name, value: code }),
              )
          }
          // What comes with it says nothing; the close that follows says more.
          current.onerror = () => {}
        }
        const again = (): void => {
          const { initialMs = 500, maxMs = 30_000 } = reconnect as Reconnect
          const most = Math.min(maxMs, initialMs * 2 ** failures++)
          cancel = clock.after(most / 2 + (Math.random() * most) / 2, connect)
        }
        const leave = (): void => {
          cancel()
          socket?.close()
        }
        // A frozen page reads nothing, and its connection breaks; an open one may keep it out of the back/forward cache.
        const forget = onPageLifecycle({
          frozen() {
            isAway = true
            leave()
          },
          resumed() {
            isAway = false
            connect()
          },
        })
        connect()
        return () => {
          forget()
          isAway = true
          leave()
        }
      },
    }),
  )
}

/** How rows are sent through a WebSocket. */
export interface ToWebSocketOptions<R> {
  /** The name in errors and metrics. */
  readonly name?: string
  /** What is sent of a row. Default: its JSON, as `encodeNdjson` writes it. */
  readonly encode?: (row: R) => string | Uint8Array<ArrayBuffer>
  /** A write waits while more bytes than this wait in the socket. Default 1 MiB. */
  readonly maxBufferedBytes?: number
  /** Whether closing the sink closes the socket. Default true. */
  readonly end?: boolean
}

/** How often a full socket is looked at: it doesn't tell when it has room again. */
const POLL_MS = 10

/**
 * A WebSocket as a sink: a message a row. Writes wait until it is open, and while it has too much to send.
 *
 * @example
 * const sink = toWebSocket<{ high: number }>(new WebSocket('wss://example.org/windows'))
 */
export function toWebSocket<R>(socket: WebSocket, options: ToWebSocketOptions<R> = {}): Sink<R> {
  const { name = 'websocket', maxBufferedBytes = 1_048_576, end = true } = options
  const { encode = row => encodeJson(row) ?? 'null' } = options
  const closed = (row?: R): SinkError<R> =>
    new SinkError(`"${name}" is closed`, { retriable: false, ...(row === undefined ? {} : { event: row }) })
  const isGone = (): boolean => socket.readyState === WebSocket.CLOSING || socket.readyState === WebSocket.CLOSED
  const opened = (): Promise<void> =>
    new Promise(resolve => {
      const settle = (): void => {
        for (const type of ['open', 'close', 'error']) socket.removeEventListener(type, settle)
        resolve()
      }
      for (const type of ['open', 'close', 'error']) socket.addEventListener(type, settle)
    })
  const until = async (most: number): Promise<void> => {
    while (socket.bufferedAmount > most && !isGone()) await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
  const send = (row: R): void | Promise<void> => {
    if (isGone()) throw closed(row)
    socket.send(encode(row))
    if (socket.bufferedAmount > maxBufferedBytes) return until(maxBufferedBytes)
  }
  return {
    name,
    write: row => (socket.readyState === WebSocket.CONNECTING ? opened().then(() => send(row)) : send(row)),
    async flush() {
      await until(0)
      if (isGone()) throw closed()
    },
    async close(failure) {
      if (socket.readyState === WebSocket.CONNECTING) await opened()
      if (failure === undefined) await until(0)
      if (end) socket.close(failure === undefined ? 1000 : 4000)
    },
  }
}
