import type { LedgerSnapshot } from '../metrics/ledger.ts'
import {
  checkNeededOptions,
  expectClock,
  expectOption,
  expectRandom,
  isFunction,
  type OptionNames,
} from '../options.ts'
import type { BackpressureStrategy } from '../plan/backpressure-strategy.ts'
import type { InsertRowOf, ResultRowOf } from '../schema/row-types.ts'
import { checkSchema, type Schema, type SchemaFields } from '../schema/schema.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { Admission, type PushOptions } from './admission/admission.ts'
import type { EdgeState } from './admission/admission-edge.ts'
import type { GrowthWarning } from './admission/admission-store.ts'
import { type AdmissionListener, Ledger } from './admission/ledger.ts'
import type { BatchResult, PushResult } from './admission/push-result.ts'
import { checkEventArray } from './event-array.ts'
import { BoundedStore } from './event-store/bounded-store.ts'
import { checkCapacity, type EventStore } from './event-store/event-store.ts'
import { NumberStore } from './event-store/number-store.ts'
import { RowStore, type RowStoreOptions } from './event-store/row-store.ts'
import { ValueStore } from './event-store/value-store.ts'

/** How a queue is bounded, and what it does when it is full. */
export interface EventQueueOptions<Out> {
  /** Events it can hold: 1 … 2^24, kept exactly. */
  readonly capacity: number
  /** What `push` does when it is full; default `'block'`. */
  readonly backpressure?: BackpressureStrategy
  /** Where waits read time; default the system's clock. */
  readonly clock?: Clock
  /** Evenly from 0 to below 1, for the jitter of `backoff`; default `Math.random`. */
  readonly random?: () => number
  /** Called with each event that gives way to a newer one, before the newer one is in. */
  readonly onEvict?: (event: Out) => void
  /** Called whenever the queue grows (strategy `'unbounded'`). */
  readonly onGrow?: (warning: GrowthWarning) => void
}

export const QUEUE_OPTIONS: OptionNames<EventQueueOptions<never>> = {
  capacity: true,
  backpressure: true,
  clock: true,
  random: true,
  onEvict: true,
  onGrow: true,
}
const OF_ROWS: OptionNames<EventQueueOptions<never> & RowStoreOptions> = {
  ...QUEUE_OPTIONS,
  maxMemory: true,
  maxStringLength: true,
}

/** A queue's numbers at one moment. */
export interface EventQueueStats extends LedgerSnapshot {
  readonly capacity: number
  /** Most events that were in it at once. */
  readonly highWaterMark: number
  /** Pushes that wait for room. */
  readonly waiting: number
  /** Bytes of its slots; what references lead to is not counted. */
  readonly bytes: number
}

/**
 * A bounded first-in-first-out queue for one thread. `tryPush` and `tryPop` never wait; `push` does what the
 * backpressure strategy says and answers at once unless it has to wait; `pop` and `for await` wait for events.
 *
 * Any value but `undefined` is an event. `EventQueue.numbers` keeps numbers unboxed, `EventQueue.rows` keeps rows of a
 * schema in columns.
 *
 * @example
 * ```ts
 * const queue = new EventQueue<string>({ capacity: 2, backpressure: 'drop-oldest' })
 * for (const name of ['a', 'b', 'c']) queue.push(name) // true, at once
 * queue.drain() // ['b', 'c']
 * queue.stats().evicted // 1
 * ```
 */
export class EventQueue<In, Out = In> {
  readonly #events: BoundedStore<In, Out>
  readonly #ledger = new Ledger()
  readonly #admission: Admission
  #highWaterMark = 0
  /** Pops that wait, first come first served; only while the queue is empty. */
  readonly #readers: ((event: Out | undefined) => void)[] = []

  /**
   * @param options A capacity alone means strategy `'block'`.
   * @throws EventfluxError `OPTION_INVALID` for a capacity or a strategy out of range, and for what is none of its options.
   */
  constructor(options: number | EventQueueOptions<Out>)
  /** @internal */
  constructor(options: number | EventQueueOptions<Out>, makeStore: (capacity: number) => EventStore<In, Out>)
  constructor(
    options: number | EventQueueOptions<Out>,
    makeStore = (capacity: number) => new ValueStore<In>(capacity) as unknown as EventStore<In, Out>,
  ) {
    if (typeof options !== 'number') checkNeededOptions('EventQueue', options, QUEUE_OPTIONS)
    const { capacity, backpressure, clock, random, onEvict, onGrow }: EventQueueOptions<Out> =
      typeof options === 'number' ? { capacity: options } : options
    expectClock(clock)
    expectRandom(random)
    expectOption('onEvict', onEvict, isFunction, 'a function that takes events')
    expectOption('onGrow', onGrow, isFunction, 'a function that takes warnings')
    this.#events = new BoundedStore(makeStore(checkCapacity(capacity)), onEvict !== undefined)
    this.#admission = new Admission(this.#events, {
      strategy: backpressure === undefined ? 'block' : backpressure,
      clock: clock ?? systemClock,
      ledger: onEvict ? tellingEvicted(this.#ledger, this.#events, onEvict) : this.#ledger,
      ...(random && { random }),
      ...(onGrow && { onGrow }),
    })
  }

  /**
   * A queue of numbers, kept as 64-bit floats.
   *
   * @throws EventfluxError `OPTION_INVALID` as the constructor does; `EVENT_INVALID` at the push of something else.
   */
  static numbers(options: number | EventQueueOptions<number>): EventQueue<number> {
    return new EventQueue(options, capacity => new NumberStore(capacity))
  }

  /**
   * A queue of rows of a schema, kept in columns: rows are checked and copied on the way in and made anew on the way out.
   *
   * @throws EventfluxError `OPTION_INVALID` as the constructor does, `STATE_FULL` when `maxMemory` is too small for the
   * capacity; `EVENT_INVALID` at the push of a row that doesn't fit.
   *
   * @example
   * ```ts
   * const trades = EventQueue.rows(schema({ time: timestamp(), symbol: utf8(), price: f64() }), { capacity: 1_024 })
   * trades.tryPush({ time: 0, symbol: 'EVF', price: 12.5 })
   * trades.tryPop()?.price // 12.5
   * ```
   */
  static rows<F extends SchemaFields>(
    schema: Schema<F>,
    options: EventQueueOptions<ResultRowOf<F>> & RowStoreOptions,
  ): EventQueue<InsertRowOf<F>, ResultRowOf<F>> {
    checkSchema('EventQueue.rows', schema)
    checkNeededOptions('EventQueue.rows', options, OF_ROWS)
    const { maxMemory: _memory, maxStringLength: _length, ...queue } = options
    return new EventQueue(queue, capacity => new RowStore(schema, capacity, options))
  }

  /** Events it can hold now; under the strategy `'unbounded'` it grows, and shrinks back when the queue is read empty. */
  get capacity(): number {
    return this.#events.capacity
  }

  /** Events in it: 0 … capacity. */
  get length(): number {
    return this.#events.length
  }

  /** Events that fit in now. */
  get remaining(): number {
    return this.#events.capacity - this.#events.length
  }

  get isFull(): boolean {
    return this.remaining === 0
  }

  get isEmpty(): boolean {
    return this.#events.length === 0
  }

  /** `'failed'` after the strategy `'error'` met a full queue. */
  get state(): EdgeState {
    return this.#admission.state
  }

  /**
   * Stores an event if there is room, the queue is open and nobody waits. Never waits; on false the event is still the
   * caller's alone. O(1).
   *
   * @throws EventfluxError `EVENT_INVALID` for `undefined` or what the kind of queue can't store; nothing is counted.
   */
  tryPush(event: In): boolean {
    if (this.#admission.isClear && this.#insert(event)) {
      this.#ledger.onAccepted(1)
      return true
    }
    this.#admission.turnAway()
    return false
  }

  /**
   * Stores an event, or does what the strategy says when the queue is full. Answers `true` or why not, at once unless the
   * event has to wait.
   *
   * @throws EventfluxError `BACKPRESSURE` under `'error'` and at the limit of `'unbounded'`; `EVENT_INVALID` as tryPush
   * does (an event that waited rejects its promise instead).
   */
  push(event: In, options?: PushOptions): PushResult | Promise<PushResult> {
    if (options === undefined && this.#admission.isFree && this.#insert(event)) {
      this.#ledger.onAccepted(1)
      return true
    }
    return this.#admission.admit(() => this.#insert(event), options)
  }

  /** `push` with a strategy for this event only. Equal circuit breakers share a circuit. */
  pushWithStrategy(event: In, strategy: BackpressureStrategy): PushResult | Promise<PushResult> {
    return this.push(event, { strategy })
  }

  /**
   * Pushes events in order; the strategy treats those that find no room as if they came one by one.
   *
   * @throws EventfluxError as `push` does, and `EVENT_INVALID` for what is no array.
   */
  pushMany(events: readonly In[], options?: PushOptions): BatchResult | Promise<BatchResult> {
    checkEventArray('pushMany', events)
    let next = 0
    return this.#admission.admitMany(
      events.length,
      rows => {
        const first = next
        while (next - first < rows && this.#insert(events[next]!)) next++
        return next - first
      },
      options,
    )
  }

  /** The oldest event, taken out; undefined when there is none. O(1). */
  tryPop(): Out | undefined {
    const event = this.#events.pop()
    if (event === undefined) return undefined
    this.#ledger.delivered++
    if (!this.#admission.isClear) this.#admission.spaceFreed()
    return event
  }

  /**
   * The oldest event, taken out: at once when there is one, else a promise of the next. Undefined once the queue is
   * closed and empty.
   *
   * @throws What failed the queue, once it is empty.
   */
  pop(): Out | undefined | Promise<Out | undefined> {
    const event = this.tryPop()
    return event === undefined ? this.#next() : event
  }

  /** The oldest event, which stays; undefined when there is none. */
  peek(): Out | undefined {
    return this.#events.peek()
  }

  /** Appends up to `max` of the oldest events to `into`, in order; takes them out. Who waits for room comes in after. */
  popBatch(max: number, into: Out[] = []): Out[] {
    const count = max > 0 ? Math.min(Math.floor(max), this.#events.length) : 0
    for (let i = 0; i < count; i++) into.push(this.#events.pop()!)
    this.#ledger.delivered += count
    this.#admission.spaceFreed()
    return into
  }

  /** Takes out everything that is in it now. */
  drain(): Out[] {
    return this.popBatch(this.length)
  }

  /** Drops everything that is in it now; returns how much that was. Counted as evicted. */
  clear(): number {
    const dropped = this.#events.clear()
    this.#ledger.onEvicted(dropped)
    this.#admission.spaceFreed()
    return dropped
  }

  /** Ends the way in: pushes, waiting ones too, are refused with `closed`. What is in it can still be taken out. */
  close(): void {
    this.#admission.close()
    for (const resolve of this.#readers.splice(0)) resolve(undefined)
  }

  /** Takes events out until there are none. */
  *[Symbol.iterator](): Generator<Out, void> {
    for (let event = this.tryPop(); event !== undefined; event = this.tryPop()) yield event
  }

  /** Takes events out, waiting for more, until the queue is closed and empty. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Out, void> {
    for (;;) {
      let event = this.tryPop()
      if (event === undefined) event = await this.#next()
      if (event === undefined) return
      yield event
    }
  }

  /** What became of everything pushed. A copy. */
  stats(): EventQueueStats {
    return {
      ...this.#ledger.snapshot(this.#events.length),
      capacity: this.capacity,
      highWaterMark: this.#highWaterMark,
      waiting: this.#admission.waiting,
      bytes: this.#events.bytes,
    }
  }

  /** What a pop of the empty queue gets. */
  #next(): undefined | Promise<Out | undefined> {
    if (this.state === 'failed') throw this.#admission.failure
    if (this.state === 'closed') return undefined
    return new Promise(resolve => this.#readers.push(resolve))
  }

  /** Stores an event, and hands it on when a pop waits. */
  #insert(event: In): boolean {
    if (!this.#events.push(event)) return false
    const { length } = this.#events
    if (length > this.#highWaterMark) this.#highWaterMark = length
    if (this.#readers.length > 0) this.#readers.shift()!(this.tryPop())
    return true
  }
}

/** Counts, then tells what was evicted: what the callback throws can't spoil the counts. */
function tellingEvicted<Out>(
  ledger: Ledger,
  events: BoundedStore<never, Out>,
  onEvict: (event: Out) => void,
): AdmissionListener {
  return {
    onAccepted: rows => ledger.onAccepted(rows),
    onRejected: (reason, rows) => ledger.onRejected(reason, rows),
    onEvicted(rows) {
      ledger.onEvicted(rows)
      for (const event of events.takeEvicted()) onEvict(event)
    },
  }
}
