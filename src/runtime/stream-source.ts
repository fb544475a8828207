import type { SourceHandler, SourceMetadata } from '../connector/source.ts'
import { checkOptions } from '../options.ts'
import type { BackpressureStrategy } from '../plan/backpressure-strategy.ts'
import type { PushOptions } from './admission/admission.ts'
import type { BatchResult, PushResult } from './admission/push-result.ts'
import { EventQueue, type EventQueueOptions, type EventQueueStats, QUEUE_OPTIONS } from './event-queue.ts'

/** How a stream source is bounded, and what happens when it is full. */
export interface StreamSourceOptions<E> extends Omit<EventQueueOptions<E>, 'capacity' | 'backpressure'> {
  /** Events it holds until the job takes them. Default 65,536. */
  readonly capacity?: number
  /** What `push` does when it is full. Default `'block'`. */
  readonly backpressure?: BackpressureStrategy
}

/**
 * A source that is fed by hand: a queue of its own, which a job (or `receive`) empties. For several producers that each
 * want their own bounds and strategy; a single one can push into the job itself.
 *
 * @example
 * const taps = streamSource<{ x: number }>('taps', { capacity: 256, backpressure: 'drop-oldest' })
 * taps.push({ x: 1 }) // true: it is in
 * taps.receive() // { x: 1 }
 */
export class StreamSource<E> implements SourceHandler<E> {
  readonly name: string
  readonly #queue: EventQueue<E>
  #delivered = 0
  /** Jobs that wait for events: several take them turn about. */
  #wake: (() => void)[] = []

  /** @internal Use `streamSource()`. */
  constructor(name: string, options: StreamSourceOptions<E>) {
    checkOptions('streamSource', options, QUEUE_OPTIONS)
    const { capacity = 65_536, ...rest } = options
    this.name = name
    this.#queue = new EventQueue<E>({ ...rest, capacity })
  }

  /** Takes an event in, or does what the strategy says when the source is full; a promise only when it has to wait. */
  push(event: E, options?: PushOptions): PushResult | Promise<PushResult> {
    const result = this.#queue.push(event, options)
    this.#notify()
    return result
  }

  /** Takes events in, in order. */
  pushMany(events: readonly E[], options?: PushOptions): BatchResult | Promise<BatchResult> {
    const result = this.#queue.pushMany(events, options)
    this.#notify()
    return result
  }

  /** Takes an event in if there is room; never waits. */
  tryPush(event: E): boolean {
    const isIn = this.#queue.tryPush(event)
    this.#notify()
    return isIn
  }

  /** The oldest event, taken out; undefined when there is none now. @throws What failed the queue, once it is empty. */
  receive(): E | undefined {
    const event = this.#queue.tryPop()
    if (event !== undefined) this.#delivered++
    else if (this.#queue.state === 'failed') void this.#queue.pop()
    return event
  }

  receiveBatch(into: E[], max: number): number {
    const before = into.length
    this.#queue.popBatch(max, into)
    const taken = into.length - before
    this.#delivered += taken
    if (taken === 0 && this.#queue.state === 'failed') void this.#queue.pop()
    return taken
  }

  /** True once it is closed and empty. */
  get done(): boolean {
    return this.#queue.state !== 'open' && this.#queue.isEmpty
  }

  async ready(): Promise<void> {
    if (!this.#queue.isEmpty || this.#queue.state !== 'open') return
    await new Promise<void>(resolve => this.#wake.push(resolve))
  }

  metadata(): SourceMetadata {
    return { name: this.name, kind: 'stream', offset: this.#delivered, replayable: false, bounded: false }
  }

  /** What became of everything pushed. */
  stats(): EventQueueStats {
    return this.#queue.stats()
  }

  /** Ends the stream: pushes are refused from now on, what is in it is still delivered, then the source is done. */
  close(): void {
    this.#queue.close()
    this.#notify()
  }

  #notify(): void {
    if (this.#wake.length === 0) return
    for (const wake of this.#wake.splice(0)) wake()
  }
}

/**
 * A named source to push into.
 *
 * @throws EventfluxError `OPTION_INVALID` for a capacity or strategy out of range.
 * @example
 * const orders = streamSource<{ id: number }>('orders', { capacity: 1_024, backpressure: 'drop-oldest' })
 * orders.push({ id: 1 })
 * orders.close()
 */
export function streamSource<E>(name: string, options: StreamSourceOptions<E> = {}): StreamSource<E> {
  return new StreamSource(name, options)
}
