import {
  MEMBER_ACCEPTED,
  MEMBER_CLOSED,
  MEMBER_DELIVERED,
  MEMBER_EVICTED,
  MEMBER_FULL,
  MEMBER_LOST,
  SHARED_CLOSED,
  SHARED_NONE,
  SHARED_PENDING,
} from '../../assembly/abi.ts'
import { optionInvalid, show } from '../errors.ts'
import type { Engine } from '../kernels/engine.ts'
import { bump } from '../kernels/shared-ring.ts'
import type { ColumnBlock } from '../memory/column-input.ts'
import type { SharedRing } from '../memory/shared-ring.ts'
import type { AsyncWaitOptions } from '../memory/wait-cell.ts'
import { type BatchResult, type PushResult, REJECTED } from '../runtime/admission/push-result.ts'
import { checkEventArray } from '../runtime/event-array.ts'
import { MAX_CAPACITY } from '../runtime/event-store/event-store.ts'
import type { InsertRowOf, ResultRowOf } from '../schema/row-types.ts'
import type { Schema, SchemaFields } from '../schema/schema.ts'
import { DETACHED, refuse } from './detached-store.ts'
import { SharedNumberStore } from './number-store.ts'
import { newQueue, type QueueParts, queueBehind } from './queue-parts.ts'
import { checkOthers, type Recovered, recover } from './recovery.ts'
import { RingPort } from './ring-port.ts'
import { SharedRowStore } from './row-store.ts'
import { columnsOf, type SharedQueueHandle } from './shared-queue-handle.ts'
import {
  checkTimeout,
  checkWait,
  type SharedEventQueueOptions,
  type SharedEventQueueStats,
  type SharedWaitOptions,
} from './shared-queue-options.ts'
import type { ColumnArrays, SharedStore } from './shared-store.ts'

/**
 * A bounded first-in-first-out queue between threads: `EventQueue`, over memory all of them see. Any thread makes it,
 * `share()` gives a plain object to post to another, `attach` gives the same queue there. Events are numbers, or rows of a
 * schema without text.
 *
 * `tryPush`, `tryPop` and what works on batches never wait. `push`, `pop` and `for await` wait without blocking the thread;
 * `pushSync` and `popSync` block it, for workers.
 *
 * @example
 * ```ts
 * const queue = SharedEventQueue.numbers({ capacity: 1_024 })
 * // worker.postMessage(queue.share()), and there: const queue = SharedEventQueue.attach(handle)
 * const elsewhere = SharedEventQueue.attach<number>(queue.share())
 * elsewhere.tryPush(1.5)
 * queue.tryPop() // 1.5
 * ```
 */
export class SharedEventQueue<In, Out = In> {
  readonly #handle: SharedQueueHandle
  readonly #engine: Engine
  readonly #ring: SharedRing
  readonly #port: RingPort
  #store: SharedStore<In, Out>

  /** @internal */
  private constructor({ handle, engine, ring, schema }: QueueParts) {
    this.#handle = handle
    this.#engine = engine
    this.#ring = ring
    this.#port = new RingPort(engine, ring)
    this.#store = (handle.fields === undefined
      ? new SharedNumberStore(this.#port)
      : new SharedRowStore(this.#port, schema)) as unknown as SharedStore<In, Out>
  }

  /**
   * A queue of numbers, kept as 64-bit floats.
   *
   * @throws EventfluxError `OPTION_INVALID` for an option out of range, `ENGINE_UNAVAILABLE` where memory can't be shared.
   */
  static numbers(options: SharedEventQueueOptions): SharedEventQueue<number> {
    return new SharedEventQueue(newQueue(undefined, options))
  }

  /**
   * A queue of rows, kept in columns.
   *
   * @throws EventfluxError as `numbers` does, and `SCHEMA_INVALID` for a schema with text: dictionaries belong to one thread.
   */
  static rows<F extends SchemaFields>(
    schema: Schema<F>,
    options: SharedEventQueueOptions,
  ): SharedEventQueue<InsertRowOf<F>, ResultRowOf<F>> {
    return new SharedEventQueue(newQueue(columnsOf(schema as unknown as Schema), options))
  }

  /**
   * The queue behind a handle, on this thread. Each thread needs one of its own, and uses it alone.
   *
   * @throws EventfluxError `OPTION_INVALID` for what is no handle or not that of its memory, and when all places are taken.
   */
  static attach<In, Out = In>(handle: SharedQueueHandle): SharedEventQueue<In, Out> {
    return new SharedEventQueue<In, Out>(queueBehind(handle))
  }

  /** What another thread attaches to. */
  share(): SharedQueueHandle {
    return this.#handle
  }

  /** Which engine computes on this thread. */
  get engine(): 'wasm' | 'js' {
    return this.#engine.name
  }

  /** This thread's place at the queue: what `recover` is told when it has died. */
  get memberId(): number {
    return this.#port.index
  }

  get capacity(): number {
    return this.#ring.capacity
  }

  /** Events in it: 0 … capacity. Other threads work on: it is a moment's truth, and so is what follows from it. */
  get length(): number {
    return this.#ring.length
  }

  get remaining(): number {
    return this.capacity - this.length
  }

  get isFull(): boolean {
    return this.length === this.capacity
  }

  get isEmpty(): boolean {
    return this.length === 0
  }

  get state(): 'open' | 'closed' {
    return this.#ring.isClosed ? 'closed' : 'open'
  }

  /** Stores an event if there is room and the queue is open; under `'drop-oldest'` too, it evicts nothing. */
  tryPush(event: In): boolean {
    return this.#counted(this.#store.push(event, false), 1) === 1
  }

  /**
   * Stores an event, or does what the strategy says when the queue is full. Threads that wait are served in no set order.
   *
   * @throws EventfluxError `EVENT_INVALID` for an event that doesn't fit, `OPTION_INVALID` for a wait that is none; nothing is
   * counted.
   */
  push(event: In, wait?: SharedWaitOptions): PushResult | Promise<PushResult> {
    checkWait(wait)
    const { backpressure } = this.#handle
    const answer = this.#pushOnce(event)
    if (answer === 1) return true
    if (answer === SHARED_CLOSED || backpressure === 'drop-newest') return this.#refusal(answer)
    return this.#pushWaiting(event, { signal: wait?.signal, timeoutMs: wait?.timeoutMs ?? this.#timeoutMs })
  }

  /** `push`, blocking the thread while it waits: for workers. Waits as long as the strategy says, if not told otherwise. */
  pushSync(event: In, timeoutMs = this.#timeoutMs): PushResult {
    checkTimeout(timeoutMs)
    let answer = SHARED_NONE as number
    const isIn = this.#ring.forRoom.park(
      () => {
        answer = this.#pushOnce(event)
        return answer === 1 || answer === SHARED_CLOSED
      },
      this.#handle.backpressure === 'drop-newest' ? 0 : timeoutMs,
    )
    if (answer === 1) return true
    return isIn || this.#handle.backpressure === 'drop-newest' ? this.#refusal(answer) : this.#gaveUp('timeout')
  }

  /**
   * Stores as many of the events as fit in, in order; how many. What others push may come in between. Never waits.
   *
   * @throws EventfluxError `EVENT_INVALID` for an event that doesn't fit, those before it are in; and for what is no array.
   */
  pushBatch(events: readonly In[] | (In extends number ? Float64Array : never)): number {
    checkEventArray('pushBatch', events)
    return this.#pushAll(events.length, from => this.#store.pushSome(events as readonly In[], from))
  }

  /** `pushBatch`, and waits for room for the rest, for each event anew; under `'drop-oldest'` event after event. */
  async pushMany(events: readonly In[], wait?: SharedWaitOptions): Promise<BatchResult> {
    checkEventArray('pushMany', events)
    checkWait(wait)
    let accepted = this.#handle.backpressure === 'drop-oldest' ? 0 : this.pushBatch(events)
    for (; accepted < events.length; accepted++) {
      const result = await this.push(events[accepted]!, wait)
      if (result === true) continue
      const rejected = events.length - accepted
      // One of them is counted.
      this.#counted(result.reason === 'closed' ? SHARED_CLOSED : SHARED_NONE, rejected - 1)
      return { ...result, accepted, rejected }
    }
    return true
  }

  /**
   * Stores as many rows of the columns as fit in, from row `from` on; how many. Of a queue of numbers the column is `value`.
   *
   * @throws EventfluxError `EVENT_INVALID` for a block or a value that doesn't fit; rows before it are in. `OPTION_INVALID` for
   * what is no row.
   */
  pushColumns(block: ColumnBlock, from = 0): number {
    if (!(Number.isSafeInteger(from) && from >= 0))
      throw optionInvalid(`from is the number of a row, from 0 on, not ${show(from)}`, { value: from, at: 'from' })
    const pushFrom = this.#store.columnPusher(block)
    return this.#pushAll(Number.POSITIVE_INFINITY, at => pushFrom(from + at))
  }

  /** The oldest event, taken out; undefined when there is none that can be had now. */
  tryPop(): Out | undefined {
    return this.#store.pop() === 1 ? this.#store.popped : undefined
  }

  /** The oldest event: at once when there is one, else a promise; undefined when the queue is closed and empty, or the wait is over. */
  pop(wait?: SharedWaitOptions): Out | undefined | Promise<Out | undefined> {
    checkWait(wait)
    const answer = this.#store.pop()
    if (answer === 1) return this.#store.popped
    return answer === SHARED_CLOSED ? undefined : this.#popWaiting(wait)
  }

  /** `pop`, blocking the thread while it waits: for workers. */
  popSync(timeoutMs = Number.POSITIVE_INFINITY): Out | undefined {
    checkTimeout(timeoutMs)
    let answer = SHARED_NONE as number
    this.#ring.forEvents.park(() => {
      answer = this.#store.pop()
      return answer === 1 || answer === SHARED_CLOSED
    }, timeoutMs)
    return answer === 1 ? this.#store.popped : undefined
  }

  /** Appends up to `max` of the oldest events to `into`, in order; takes them out. */
  popBatch(max: number, into: Out[] = []): Out[] {
    for (let left = Math.floor(max); left > 0; ) {
      const taken = this.#store.popSome(Math.min(left, MAX_CAPACITY), into)
      if (taken <= 0) break
      left -= taken
    }
    return into
  }

  /**
   * Takes rows out into typed arrays, one for each column, as many as come at once and fit in; how many.
   *
   * @throws EventfluxError `OPTION_INVALID` for a column that can be null, `EVENT_INVALID` for an array of another kind.
   */
  popColumns(into: ColumnArrays, max = Number.POSITIVE_INFINITY): number {
    return max >= 1 ? Math.max(0, this.#store.popColumns(into, Math.min(Math.floor(max), MAX_CAPACITY))) : 0
  }

  /** Takes out everything that is in it now. */
  drain(): Out[] {
    return this.popBatch(this.length)
  }

  /** Blocks the thread until there may be an event, or the queue is closed; false when the time is over. For workers. */
  waitForEvents(timeoutMs = Number.POSITIVE_INFINITY): boolean {
    return this.#ring.forEvents.park(() => !this.isEmpty || this.#ring.isClosed, checkTimeout(timeoutMs))
  }

  /** Blocks the thread until there may be room, or the queue is closed; false when the time is over. For workers. */
  waitForRoom(timeoutMs = Number.POSITIVE_INFINITY): boolean {
    return this.#ring.forRoom.park(() => !this.isFull || this.#ring.isClosed, checkTimeout(timeoutMs))
  }

  /** Ends the way in, on all threads: pushes, waiting ones too, are refused with `closed`. What is in it can still be taken out. */
  close(): void {
    this.#ring.close()
  }

  /** Gives this thread's place at the queue back: what pushes or pops here afterwards, or waits to, throws `CLOSED`. */
  detach(): void {
    this.#store = DETACHED
    this.#port.leave()
  }

  /**
   * Frees what threads that have died left claimed, and their places. Until then other threads may find the queue neither
   * empty nor able to give an event. Only for threads that certainly run no more; those that died together, together.
   *
   * @throws EventfluxError `TIMEOUT` when another thread stands still in the middle of a push or pop: it may have died too, or be
   * slow; call it again. `OPTION_INVALID` for this thread's own place, `CLOSED` after `detach`.
   */
  recover(...memberIds: readonly number[]): Recovered {
    if (this.#port.hasLeft) refuse()
    checkOthers(memberIds, this.memberId)
    return recover(this.#ring, memberIds, this.#port.member)
  }

  /** Takes events out until there are none. */
  *[Symbol.iterator](): Generator<Out, void> {
    for (let event = this.tryPop(); event !== undefined; event = this.tryPop()) yield event
  }

  /** Takes events out, waiting for more, until the queue is closed and empty. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Out, void> {
    for (;;) {
      const event = await this.pop()
      if (event === undefined) return
      yield event
    }
  }

  /** What became of everything pushed, by all threads. `failed`: taken by threads that died. */
  stats(): SharedEventQueueStats {
    const ring = this.#ring
    const [accepted, delivered, evicted, failed, full, refused] = [
      MEMBER_ACCEPTED,
      MEMBER_DELIVERED,
      MEMBER_EVICTED,
      MEMBER_LOST,
      MEMBER_FULL,
      MEMBER_CLOSED,
    ].map(counter => ring.counted(counter)) as [number, number, number, number, number, number]
    return {
      offered: accepted + full + refused,
      accepted,
      rejected: { full, closed: refused },
      delivered,
      evicted,
      queued: ring.length,
      failed,
      capacity: this.capacity,
    }
  }

  /** How long a push waits that isn't told. */
  get #timeoutMs(): number {
    const { backpressure } = this.#handle
    return typeof backpressure === 'object' ? backpressure.timeoutMs : Number.POSITIVE_INFINITY
  }

  #pushOnce(event: In): number {
    return this.#store.push(event, this.#handle.backpressure === 'drop-oldest')
  }

  async #pushWaiting(event: In, wait: AsyncWaitOptions): Promise<PushResult> {
    let answer = SHARED_NONE as number
    await this.#ring.forRoom.parkAsync(() => {
      answer = this.#pushOnce(event)
      return answer === 1 || answer === SHARED_CLOSED
    }, wait)
    if (answer === 1) return true
    if (answer === SHARED_CLOSED) return this.#refusal(answer)
    return this.#gaveUp(wait.signal?.aborted ? 'aborted' : 'timeout')
  }

  async #popWaiting(wait: SharedWaitOptions | undefined): Promise<Out | undefined> {
    let event: Out | undefined
    await this.#ring.forEvents.parkAsync(() => {
      const answer = this.#store.pop()
      if (answer === 1) event = this.#store.popped
      return answer === 1 || answer === SHARED_CLOSED
    }, wait)
    return event
  }

  #pushAll(wanted: number, pushFrom: (from: number) => number): number {
    let pushed = 0
    while (pushed < wanted) {
      const more = pushFrom(pushed)
      if (more <= 0) break
      pushed += more
    }
    return pushed
  }

  #refusal(answer: number): PushResult {
    this.#counted(answer, 1)
    return REJECTED[answer === SHARED_CLOSED ? 'closed' : 'full']
  }

  /** A wait that ended without room counts as refused because full. */
  #gaveUp(reason: 'timeout' | 'aborted'): PushResult {
    this.#counted(SHARED_NONE, 1)
    return REJECTED[reason]
  }

  /** Counts what was refused. */
  #counted(answer: number, events: number): number {
    if (answer === SHARED_CLOSED) bump(this.#engine.memory, this.#port.member + MEMBER_CLOSED, events)
    else if (answer === SHARED_NONE || answer === SHARED_PENDING)
      bump(this.#engine.memory, this.#port.member + MEMBER_FULL, events)
    return answer
  }
}
