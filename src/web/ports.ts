import { AbortGate } from '../connector/abort-gate.ts'
import { goesOn } from '../connector/goes-on.ts'
import { ListenerSource } from '../connector/listener-source.ts'
import { type Sink, SinkError } from '../connector/sink.ts'
import type { Source } from '../connector/source.ts'
import { toSource } from '../connector/to-source.ts'
import { sourceFailed } from '../errors.ts'
import { type MessageOptions, messageReader } from './message-events.ts'

/** What a port can be: one of a MessageChannel, a worker, or what a worker sees of its page. */
export interface PortLike {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void
  /** Ports of a channel wait for it. */
  start?(): void
}

/** What goes through a port between `toPort` and `fromPort`. */
type Parcel =
  | { readonly eventflux: 'rows'; readonly rows: readonly unknown[] }
  | { readonly eventflux: 'taken'; readonly rows: number }
  | { readonly eventflux: 'end' }
  | { readonly eventflux: 'failed'; readonly message: string }

const parcelOf = ({ data }: MessageEvent): Parcel | undefined =>
  typeof data === 'object' && data !== null && typeof data.eventflux === 'string' ? (data as Parcel) : undefined

/**
 * The rows that `toPort` sends from another thread or frame, as a source. It tells the other side what it has taken, so that
 * backpressure goes through the port. Other messages are passed over.
 *
 * @example
 * const worker = new Worker('trades.js', { type: 'module' })
 * const source = fromPort<{ time: number; symbol: string; price: number }>(worker)
 */
export function fromPort<E>(port: PortLike, options: { readonly name?: string } = {}): Source<E> {
  const { name = 'port' } = options
  return toSource<E>({
    metadata: { name, kind: 'port', replayable: false, bounded: false },
    run: intake =>
      new Promise<void>((resolve, reject) => {
        const gate = new AbortGate(intake.signal)
        let pushing = Promise.resolve()
        const finish = (settle: () => void): void => {
          port.removeEventListener('message', listener)
          intake.signal.removeEventListener('abort', stop)
          gate.close()
          settle()
        }
        const stop = (): void => finish(resolve)
        const take = async (rows: readonly E[]): Promise<void> => {
          if (intake.signal.aborted || !(await goesOn(intake.pushMany(rows), gate))) return
          port.postMessage({ eventflux: 'taken', rows: rows.length } satisfies Parcel)
        }
        const listener = (event: MessageEvent): void => {
          const parcel = parcelOf(event)
          if (parcel?.eventflux === 'rows' && Array.isArray(parcel.rows)) {
            pushing = pushing.then(() => take(parcel.rows as readonly E[]))
            pushing.catch(error => finish(() => reject(error)))
          } else if (parcel?.eventflux === 'end') void pushing.then(() => finish(resolve))
          else if (parcel?.eventflux === 'failed') {
            const failure = sourceFailed(`the other side failed: ${parcel.message}`, { at: name })
            void pushing.then(() => finish(() => reject(failure)))
          }
        }
        if (intake.signal.aborted) return stop()
        intake.signal.addEventListener('abort', stop, { once: true })
        port.addEventListener('message', listener)
        port.start?.()
      }),
  })
}

/** How rows are sent through a port. */
export interface ToPortOptions {
  /** The name in errors and metrics. */
  readonly name?: string
  /** Rows sent in one message, at most. Default 256. */
  readonly maxRows?: number
  /** Rows that may be on their way: beyond that a write waits for the other side. Default 4,096. */
  readonly maxUntaken?: number
}

/**
 * A port as a sink, for `fromPort` on its other side. Rows are collected within a turn of the event loop, so that a burst is
 * few messages.
 *
 * @example
 * const { port1, port2 } = new MessageChannel()
 * const job = await highs.run({ sink: toPort(port1) })
 * const rows = fromPort<{ symbol: string; high: number }>(port2)
 */
export function toPort<R>(port: PortLike, options: ToPortOptions = {}): Sink<R> {
  const { name = 'port', maxRows = 256, maxUntaken = 4096 } = options
  let rows: R[] = []
  let untaken = 0
  let waiting: (() => void)[] = []
  const wake = (): void => {
    const woken = waiting
    waiting = []
    for (const resolve of woken) resolve()
  }
  const listener = (event: MessageEvent): void => {
    const parcel = parcelOf(event)
    if (parcel?.eventflux !== 'taken') return
    untaken -= parcel.rows
    wake()
  }
  port.addEventListener('message', listener)
  port.start?.()

  const post = (parcel: Parcel): void => {
    try {
      port.postMessage(parcel)
    } catch (cause) {
      throw new SinkError(`a row can't be sent through "${name}"`, { retriable: false, cause })
    }
  }
  const send = (): void => {
    if (rows.length === 0) return
    const sent = rows
    rows = []
    post({ eventflux: 'rows', rows: sent })
  }
  const until = async (most: number): Promise<void> => {
    while (untaken > most) await new Promise<void>(resolve => waiting.push(resolve))
  }
  return {
    name,
    write(row) {
      untaken++
      if (rows.push(row) >= maxRows) send()
      else if (rows.length === 1) queueMicrotask(send)
      if (untaken >= maxUntaken) return until(maxUntaken - 1)
    },
    async flush() {
      send()
      await until(0)
    },
    async close(failure) {
      send()
      if (failure === undefined) await until(0)
      port.removeEventListener('message', listener)
      wake()
      post(
        failure === undefined
          ? { eventflux: 'end' }
          : { eventflux: 'failed', message: failure instanceof Error ? failure.message : String(failure) },
      )
    },
  }
}

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
