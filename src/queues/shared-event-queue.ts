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
import { optionInvalid } from '../errors.ts'
import type { Engine } from '../kernels/engine.ts'
import { attachSharedEngine, createSharedEngine } from '../kernels/shared-engine.ts'
import { bump } from '../kernels/shared-ring.ts'
import type { ColumnBlock } from '../memory/column-input.ts'
import { SharedRing, sharedRingBytes } from '../memory/shared-ring.ts'
import type { AsyncWaitOptions } from '../memory/wait-cell.ts'
import { type BatchResult, type PushResult, REJECTED } from '../runtime/admission/push-result.ts'
import { MAX_CAPACITY } from '../runtime/event-store/event-store.ts'
import { f64 } from '../schema/data-type.ts'
import type { InsertRowOf, ResultRowOf } from '../schema/row-types.ts'
import { type Schema, type SchemaFields, schema as schemaOf } from '../schema/schema.ts'
import { SHARED_KERNELS } from '../wasm/packaged/inline-shared.ts'
import { SharedNumberStore } from './number-store.ts'
import { type Recovered, recover } from './recovery.ts'
import { RingPort } from './ring-port.ts'
import { SharedRowStore } from './row-store.ts'
import { checkHandle, columnsOf, HANDLE_FORMAT, type SharedQueueHandle, typesOf } from './shared-queue-handle.ts'
import {
  type SharedEventQueueOptions,
  type SharedEventQueueStats,
  type SharedWaitOptions,
  sharedOptions,
} from './shared-queue-options.ts'
import type { ColumnArrays, SharedStore } from './shared-store.ts'

const NUMBERS = schemaOf({ value: f64() })

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
  readonly #store: SharedStore<In, Out>

  /** @internal */
  private constructor(handle: SharedQueueHandle, engine: Engine, ring: SharedRing, schema: Schema) {
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
    return SharedEventQueue.#create(NUMBERS, undefined, options)
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
    return SharedEventQueue.#create(schema as unknown as Schema, columnsOf(schema as unknown as Schema), options)
  }

  /**
   * The queue behind a handle, on this thread. Each thread needs one of its own, and uses it alone.
   *
   * @throws EventfluxError `OPTION_INVALID` for what is no handle, and when all places are taken.
   */
  static attach<In, Out = In>(handle: SharedQueueHandle): SharedEventQueue<In, Out> {
    const { memory, fields } = checkHandle(handle)
    const engine = attachSharedEngine(memory, SHARED_KERNELS)
    const schema = fields === undefined ? NUMBERS : schemaOf(typesOf(fields))
    const shape = { ...handle, fields: schema.fields }
    if (sharedRingBytes(shape) > engine.memory.byteLength) {
      throw optionInvalid(
        `the memory of the handle has ${engine.memory.byteLength} bytes and its queue takes ${sharedRingBytes(shape)}`,
        {
          at: 'memory',
        },
      )
    }
    const ring = new SharedRing(engine.memory, shape)
    return new SharedEventQueue<In, Out>(handle, engine, ring, schema as unknown as Schema)
  }

  static #create<In, Out>(
    schema: Schema,
    fields: SharedQueueHandle['fields'],
    options: SharedEventQueueOptions,
  ): SharedEventQueue<In, Out> {
    const { capacity, kind, backpressure, members, engine: choice } = sharedOptions(options)
    const shape = { kind, capacity, members, fields: schema.fields }
    const engine = createSharedEngine(choice, SHARED_KERNELS, sharedRingBytes(shape))
    const memory = engine.memory.wasm ?? (engine.memory.u8.buffer as SharedArrayBuffer)
    const ring = new SharedRing(engine.memory, shape)
    ring.initialise()
    const handle = checkHandle({ format: HANDLE_FORMAT, memory, kind, capacity, members, backpressure, fields })
    return new SharedEventQueue<In, Out>(handle, engine, ring, schema)
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
   * @throws EventfluxError `EVENT_INVALID` for an event that doesn't fit; nothing is counted.
   */
  push(event: In, wait?: SharedWaitOptions): PushResult | Promise<PushResult> {
    const { backpressure } = this.#handle
    const answer = this.#pushOnce(event)
    if (answer === 1) return true
    if (answer === SHARED_CLOSED || backpressure === 'drop-newest') return this.#refusal(answer)
    return this.#pushWaiting(event, { ...(typeof backpressure === 'object' && backpressure), ...wait })
  }

  /** `push`, blocking the thread while it waits: for workers. */
  pushSync(event: In, timeoutMs = Number.POSITIVE_INFINITY): PushResult {
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

  /** Stores as many of the events as fit in, in order; how many. What others push may come in between. Never waits. */
  pushBatch(events: readonly In[] | (In extends number ? Float64Array : never)): number {
    return this.#pushAll(events.length, from => this.#store.pushSome(events as readonly In[], from))
  }

  /** `pushBatch`, and waits for room for the rest, event after event under `'drop-oldest'`. */
  async pushMany(events: readonly In[], wait?: SharedWaitOptions): Promise<BatchResult> {
    let accepted = this.#handle.backpressure === 'drop-oldest' ? 0 : this.pushBatch(events)
    for (; accepted < events.length; accepted++) {
      const result = await this.push(events[accepted]!, wait)
      if (result !== true) return { ...result, accepted, rejected: events.length - accepted }
    }
    return true
  }

  /**
   * Stores as many rows of the columns as fit in, from row `from` on; how many. Of a queue of numbers the column is `value`.
   *
   * @throws EventfluxError `EVENT_INVALID` for a block or a value that doesn't fit; rows before it are in.
   */
  pushColumns(block: ColumnBlock, from = 0): number {
    return this.#pushAll(Number.POSITIVE_INFINITY, at => this.#store.pushColumns(block, from + at))
  }

  /** The oldest event, taken out; undefined when there is none that can be had now. */
  tryPop(): Out | undefined {
    return this.#store.pop() === 1 ? this.#store.popped : undefined
  }

  /** The oldest event: at once when there is one, else a promise; undefined when the queue is closed and empty, or the wait is over. */
  pop(wait?: SharedWaitOptions): Out | undefined | Promise<Out | undefined> {
    const answer = this.#store.pop()
    if (answer === 1) return this.#store.popped
    return answer === SHARED_CLOSED ? undefined : this.#popWaiting(wait)
  }

  /** `pop`, blocking the thread while it waits: for workers. */
  popSync(timeoutMs = Number.POSITIVE_INFINITY): Out | undefined {
    let answer = SHARED_NONE as number
    this.#ring.forEvents.park(() => {
      answer = this.#store.pop()
      return answer === 1 || answer === SHARED_CLOSED
    }, timeoutMs)
    return answer === 1 ? this.#store.popped : undefined
  }

  /** Appends up to `max` of the oldest events to `into`, in order; takes them out. */
  popBatch(max: number, into: Out[] = []): Out[] {
    for (let left = max; left > 0; ) {
      const taken = this.#store.popSome(left, into)
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
    return max >= 1 ? Math.max(0, this.#store.popColumns(into, Math.min(max, MAX_CAPACITY))) : 0
  }

  /** Takes out everything that is in it now. */
  drain(): Out[] {
    return this.popBatch(this.length)
  }

  /** Blocks the thread until there may be an event, or the queue is closed; false when the time is over. For workers. */
  waitForEvents(timeoutMs = Number.POSITIVE_INFINITY): boolean {
    return this.#ring.forEvents.park(() => !this.isEmpty || this.#ring.isClosed, timeoutMs)
  }

  /** Blocks the thread until there may be room, or the queue is closed; false when the time is over. For workers. */
  waitForRoom(timeoutMs = Number.POSITIVE_INFINITY): boolean {
    return this.#ring.forRoom.park(() => !this.isFull || this.#ring.isClosed, timeoutMs)
  }

  /** Ends the way in, on all threads: pushes, waiting ones too, are refused with `closed`. What is in it can still be taken out. */
  close(): void {
    this.#ring.close()
  }

  /** Gives this thread's place at the queue back; it must not be used here afterwards. */
  detach(): void {
    this.#port.leave()
  }

  /**
   * Frees what threads that have died left claimed, and their places. Until then other threads may find the queue neither
   * empty nor able to give an event. Only for threads that certainly run no more; those that died together, together.
   */
  recover(...memberIds: readonly number[]): Recovered {
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
