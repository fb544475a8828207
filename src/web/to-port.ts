import { type Sink, SinkError } from '../connector/sink.ts'
import { messageOf } from '../errors.ts'
import { expectArgument, has } from '../options.ts'
import { type Parcel, type PortLike, parcelOf } from './port-parcel.ts'

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
 * A port as a sink, for `fromPort` on its other side, whichever of the two comes first. Rows are collected within a turn of
 * the event loop, so that a burst is few messages. Fails when the other side stops taking rows.
 *
 * @example
 * const { port1, port2 } = new MessageChannel()
 * const job = await highs.run({ sink: toPort(port1) })
 * const rows = fromPort<{ symbol: string; high: number }>(port2)
 */
export function toPort<R>(port: PortLike, options: ToPortOptions = {}): Sink<R> {
  expectArgument('toPort', port, has('postMessage'), 'a port, with postMessage()')
  return new PortSink<R>(port, options)
}

class PortSink<R> implements Sink<R> {
  readonly name: string
  readonly #port: PortLike
  readonly #maxRows: number
  readonly #maxUntaken: number
  #rows: R[] = []
  /** Those that wait here included. */
  #untaken = 0
  #isHeard = false
  /** The last word, where nobody has heard it yet. */
  #last: Parcel | undefined
  #failure: SinkError | undefined
  #waiting: (() => void)[] = []

  constructor(port: PortLike, { name = 'port', maxRows = 256, maxUntaken = 4096 }: ToPortOptions) {
    this.name = name
    this.#port = port
    this.#maxRows = maxRows
    this.#maxUntaken = maxUntaken
    port.addEventListener('message', this.#listener)
    port.start?.()
    port.postMessage({ eventflux: 'asks' } satisfies Parcel)
  }

  write(row: R): void | Promise<void> {
    this.#throwFailure()
    this.#untaken++
    if (this.#rows.push(row) >= this.#maxRows) this.#send()
    else if (this.#rows.length === 1) queueMicrotask(this.#send)
    if (this.#untaken >= this.#maxUntaken) return this.#until(this.#maxUntaken - 1)
  }

  async flush(): Promise<void> {
    this.#send()
    await this.#until(0)
  }

  async close(failure?: unknown): Promise<void> {
    try {
      if (failure === undefined) await this.flush()
    } finally {
      this.#last = failure === undefined ? { eventflux: 'end' } : { eventflux: 'failed', message: messageOf(failure) }
      this.#send()
      this.#wake()
    }
  }

  #listener = (event: MessageEvent): void => {
    const parcel = parcelOf(event)
    if (parcel?.eventflux === 'ready') {
      this.#isHeard = true
      this.#send()
    } else if (parcel?.eventflux === 'taken') this.#untaken -= parcel.rows
    else if (parcel?.eventflux === 'left')
      this.#failure ??= new SinkError(`the other side of "${this.name}" has stopped`, { retriable: false })
    this.#wake()
  }

  /** Sends what there is, where it is heard. What can't be sent is told with the next write. */
  #send = (): void => {
    if (!this.#isHeard) return
    try {
      while (this.#rows.length > 0) {
        const rows = this.#rows.splice(0, this.#maxRows)
        this.#port.postMessage({ eventflux: 'rows', rows } satisfies Parcel)
      }
    } catch (cause) {
      this.#failure ??= new SinkError(`a row can't be sent through "${this.name}"`, { retriable: false, cause })
    }
    if (this.#last === undefined) return
    this.#port.removeEventListener('message', this.#listener)
    this.#port.postMessage(this.#last)
  }

  async #until(most: number): Promise<void> {
    while (this.#untaken > most) {
      this.#throwFailure()
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    this.#throwFailure()
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure
  }

  #wake(): void {
    const woken = this.#waiting
    this.#waiting = []
    for (const resolve of woken) resolve()
  }
}
