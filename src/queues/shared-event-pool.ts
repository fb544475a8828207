import { closed, doubleRelease, engineUnavailable, optionInvalid, show, stateFull } from '../errors.ts'
import { checkNeededOptions, type OptionNames } from '../options.ts'
import { checkAnswers } from '../runtime/event-pool/pool-answers.ts'
import { MAX_SLOTS, slotOf } from '../runtime/event-pool/pool-slots.ts'
import { PoolView } from '../runtime/event-pool/pool-view.ts'
import type { EventPoolOptions, EventPoolStats, PooledEvent } from '../runtime/event-pool.ts'
import type { InsertRowOf, ResultRowOf, ResultValue } from '../schema/row-types.ts'
import { type Schema, type SchemaFields, schema as schemaOf } from '../schema/schema.ts'
import { MAX_POOL_MEMBERS, PoolMemory } from './pool-memory.ts'
import {
  acquireSlot,
  beginRelease,
  changeHolder,
  endRelease,
  generationOf,
  HOLDER_MASK,
  hintAt,
  IS_EMPTYING,
  takeOver,
} from './pool-words.ts'
import { checkOthers } from './recovery.ts'
import { sharedBytesOf } from './shared-memory.ts'
import { SharedPoolColumns } from './shared-pool-columns.ts'
import { checkFields, checkRange, columnsOf, type SharedQueueHandle, typesOf } from './shared-queue-handle.ts'

/** What a shared pool is made of. */
export interface SharedEventPoolOptions extends Pick<EventPoolOptions, 'whenExhausted' | 'doubleRelease'> {
  /** Events there are: 1 … 2^24. */
  readonly capacity: number
  /** Threads that can be attached at once: 1 … 255; default 16. */
  readonly members?: number
}

const NAMES: OptionNames<SharedEventPoolOptions> = {
  capacity: true,
  members: true,
  whenExhausted: true,
  doubleRelease: true,
}

/** A shared pool as a plain object: `postMessage` it, or pass it as `workerData`, and `SharedEventPool.attach` it there. */
export interface SharedPoolHandle extends Required<SharedEventPoolOptions> {
  readonly format: 'eventflux/shared-pool/1'
  readonly memory: SharedArrayBuffer
  /** Name, type, and whether it can be null. */
  readonly fields: NonNullable<SharedQueueHandle['fields']>
}

/** A shared pool's numbers, of all threads together. A call that a thread died in may be missing. */
export interface SharedEventPoolStats extends Omit<EventPoolStats, 'grown' | 'discarded'> {
  /** Events that threads held which had died, or were detached. */
  readonly recovered: number
}

const HANDLE_FORMAT = 'eventflux/shared-pool/1'
const GENERATION = MAX_SLOTS

/**
 * Reusable events in memory that all threads see: `EventPool`, between threads. An event goes by a handle, a number that any
 * of them may be sent, and that is good until it is released, by whichever thread; a released event is emptied at once. One
 * thread at a time uses an event.
 *
 * @example
 * ```ts
 * const quotes = schema({ id: i32(), price: f64() })
 * const pool = SharedEventPool.create(quotes, { capacity: 1_024 })
 * // worker.postMessage(pool.share()), and there: const pool = SharedEventPool.attach(handle, quotes)
 * const elsewhere = SharedEventPool.attach(pool.share(), quotes)
 * const handle = pool.acquire()
 * pool.set(handle, 'price', 12.5)
 * elsewhere.get(handle, 'price') // 12.5
 * elsewhere.release(handle)
 * ```
 */
export class SharedEventPool<F extends SchemaFields> {
  readonly capacity: number
  /** This thread's place at the pool: what `recover` is told when it has died. */
  readonly memberId: number
  readonly #handle: SharedPoolHandle
  readonly #memory: PoolMemory
  readonly #columns: SharedPoolColumns
  readonly #view: PoolView
  /** What this thread is in the words of slots. */
  readonly #holder: number
  /** Where the last free slot was found: the next may be near. */
  #from: number
  #isDetached = false

  /** @internal */
  private constructor(handle: SharedPoolHandle, schema: Schema, memory: PoolMemory) {
    this.#handle = handle
    this.#memory = memory
    this.#columns = new SharedPoolColumns(schema, memory)
    this.capacity = handle.capacity
    this.memberId = memory.join()
    this.#holder = this.memberId + 1
    // Threads begin apart from each other.
    this.#from = Math.floor((memory.words.hintWords * this.memberId) / handle.members)
    const names = schema.fields.map(({ name }) => name)
    const columns = {
      get: (slot: number, name: string) => this.#columns.get(slot, name),
      set: (slot: number, name: string, value: unknown) => {
        this.#columns.stage(name, value)
        this.#columns.put(slot, name)
      },
    }
    this.#view = new PoolView(columns, names, event => this.#slotInUse(event))
  }

  /**
   * A pool all of whose events are free.
   *
   * @throws EventfluxError `OPTION_INVALID` for an option out of range, `SCHEMA_INVALID` for a schema with text, which belongs
   * to one thread, `ENGINE_UNAVAILABLE` where memory can't be shared.
   */
  static create<F extends SchemaFields>(schema: Schema<F>, options: SharedEventPoolOptions): SharedEventPool<F> {
    if (typeof SharedArrayBuffer === 'undefined')
      throw engineUnavailable("memory can't be shared between threads here: there is no SharedArrayBuffer")
    checkNeededOptions('SharedEventPool', options, NAMES)
    const { capacity, members = 16, whenExhausted = 'refuse', doubleRelease = 'throw' } = options
    checkRange('capacity', capacity, MAX_SLOTS)
    checkRange('members', members, MAX_POOL_MEMBERS)
    checkAnswers(options)
    const fields = columnsOf(schema as unknown as Schema)
    const memory = new PoolMemory(schema as unknown as Schema, capacity, members)
    const handle = { format: HANDLE_FORMAT, memory: memory.shared, capacity, members, fields } as const
    return new SharedEventPool({ ...handle, whenExhausted, doubleRelease }, schema as unknown as Schema, memory)
  }

  /**
   * The pool behind a handle, on this thread. Each thread needs one of its own, and uses it alone.
   *
   * @param expected The schema, if its types are to be known: it must have the fields the pool has.
   * @throws EventfluxError `OPTION_INVALID` for what is no handle, not that of its memory, or has other fields; and when all
   * places are taken.
   */
  static attach<F extends SchemaFields>(handle: SharedPoolHandle, expected?: Schema<F>): SharedEventPool<F> {
    if (typeof handle !== 'object' || handle === null || handle.format !== HANDLE_FORMAT)
      throw optionInvalid(`this is no handle of a shared pool: ${show(handle)}`, { value: handle })
    const capacity = checkRange('capacity', handle.capacity, MAX_SLOTS)
    const members = checkRange('members', handle.members, MAX_POOL_MEMBERS)
    checkAnswers(handle)
    const schema = schemaOf(typesOf(checkFields(handle.fields))) as unknown as Schema
    const given = expected && JSON.stringify(columnsOf(expected as unknown as Schema))
    if (given !== undefined && given !== JSON.stringify(columnsOf(schema)))
      throw optionInvalid("the pool's events have other fields than the schema given", { at: 'fields' })
    return new SharedEventPool(handle, schema, new PoolMemory(schema, capacity, members, sharedBytesOf(handle.memory)))
  }

  /** What another thread attaches to. */
  share(): SharedPoolHandle {
    return this.#handle
  }

  /**
   * An empty event's handle; -1 when all were in use at one moment. Looks at 32 events at a time: it takes longer when nearly
   * all of many are in use.
   *
   * @throws EventfluxError `STATE_FULL` instead of -1 with `whenExhausted: 'throw'`.
   */
  acquire(): number {
    this.#throwIfDetached()
    const { words } = this.#memory
    const slot = acquireSlot(words, this.#holder, this.#from)
    if (slot < 0) return this.#refuse()
    this.#from = slot >>> 5
    this.#memory.count(this.memberId, 'acquired')
    return slot + generationOf(Atomics.load(words.words, words.slots + slot)) * GENERATION
  }

  /**
   * Empties the event and gives it back, whichever thread acquired it. False: the handle isn't in use; of several threads that
   * release one handle, one is told true.
   *
   * @throws EventfluxError `DOUBLE_RELEASE` instead of false, unless `doubleRelease` is `'count'`.
   */
  release(handle: number): boolean {
    this.#throwIfDetached()
    const { words } = this.#memory
    const slot = slotOf(handle)
    if (!this.isHeld(handle) || !beginRelease(words, slot, generationIn(handle), this.#holder)) {
      this.#memory.count(this.memberId, 'doubleReleases')
      if (this.#handle.doubleRelease === 'count') return false
      throw doubleRelease(`handle ${show(handle)} isn't in use: it was released before, or never acquired`, {
        value: handle,
      })
    }
    this.#columns.clear(slot)
    endRelease(words, slot)
    this.#memory.count(this.memberId, 'released')
    return true
  }

  /**
   * Makes this thread the holder of an event that another gave it, so that `recover` counts it to this one.
   *
   * @throws EventfluxError `CLOSED` for a handle that isn't in use.
   */
  adopt(handle: number): void {
    this.#throwIfDetached()
    const slot = this.#slotInUse(handle)
    if (!changeHolder(this.#memory.words, slot, generationIn(handle), this.#holder)) throw notInUse(handle)
  }

  /** Whether the handle is in use, on any thread. */
  isHeld(handle: number): boolean {
    if (!(Number.isSafeInteger(handle) && handle >= 0) || slotOf(handle) >= this.capacity) return false
    const { words, slots } = this.#memory.words
    const word = Atomics.load(words, slots + slotOf(handle))
    return (word & HOLDER_MASK) !== 0 && (word & IS_EMPTYING) === 0 && generationOf(word) === generationIn(handle)
  }

  /** @throws EventfluxError `CLOSED` for a handle that isn't in use, `EVENT_INVALID` for a field that isn't there. */
  get<K extends keyof F & string>(handle: number, field: K): ResultValue<F[K]> {
    return this.#columns.get(this.#slotInUse(handle), field) as ResultValue<F[K]>
  }

  /** @throws EventfluxError as `get` does, and `EVENT_INVALID` for a value that doesn't fit; then nothing changed. */
  set<K extends keyof F & string>(handle: number, field: K, value: ResultValue<F[K]>): void {
    const slot = this.#slotInUse(handle)
    this.#columns.stage(field, value)
    this.#columns.put(slot, field)
  }

  /**
   * The event as an object whose fields read and write the pool. There is one such object on a thread: it stands for the handle
   * of the last call.
   *
   * @throws EventfluxError `CLOSED` for a handle that isn't in use.
   */
  view(handle: number): PooledEvent<F> {
    this.#slotInUse(handle)
    this.#view.turnTo(handle)
    return this.#view.event as PooledEvent<F>
  }

  /** A copy of the event. @throws EventfluxError `CLOSED` for a handle that isn't in use. */
  read(handle: number): ResultRowOf<F> {
    return this.#columns.read(this.#slotInUse(handle)) as ResultRowOf<F>
  }

  /**
   * Writes all fields; nullable ones that are missing become null.
   *
   * @throws EventfluxError `CLOSED` for a handle that isn't in use, `EVENT_INVALID` for a row that doesn't fit; then nothing
   * changed.
   */
  write(handle: number, row: InsertRowOf<F>): void {
    this.#columns.stageRow(row)
    // Last: a getter of the row may have released the event.
    this.#columns.putRow(this.#slotInUse(handle))
  }

  /**
   * Empties and frees what threads that have died held, and their places; how many events that were. Only for threads that
   * certainly run no more.
   *
   * @throws EventfluxError `OPTION_INVALID` for this thread's own place, `CLOSED` after `detach`.
   */
  recover(...memberIds: readonly number[]): number {
    this.#throwIfDetached()
    checkOthers(memberIds, this.memberId)
    return this.#free(memberIds)
  }

  /**
   * Gives this thread's place back, and the events it holds; how many these were. Here nothing can be acquired, adopted or
   * released afterwards: it throws `CLOSED`.
   */
  detach(): number {
    if (this.#isDetached) return 0
    this.#isDetached = true
    return this.#free([this.memberId])
  }

  #free(memberIds: readonly number[]): number {
    const { words, capacity } = this.#memory
    let freed = 0
    for (const member of memberIds) {
      if (!this.#memory.isMember(member)) continue
      for (let slot = 0; slot < capacity; slot++) {
        if (!takeOver(words, slot, member + 1, this.#holder)) continue
        this.#columns.clear(slot)
        endRelease(words, slot)
        freed++
      }
    }
    this.#memory.count(this.memberId, 'recovered', freed)
    for (const member of memberIds) if (this.#memory.isMember(member)) this.#memory.leave(member)
    // A thread that died between a hint and its slot leaves one that nobody would look at. One too many does no harm.
    for (let slot = 0; slot < capacity; slot++)
      if ((Atomics.load(words.words, words.slots + slot) & (HOLDER_MASK | IS_EMPTYING)) === 0) hintAt(words, slot)
    return freed
  }

  /** The pool's numbers. O(capacity). */
  stats(): SharedEventPoolStats {
    const memory = this.#memory
    const acquired = memory.counted('acquired')
    const exhausted = memory.counted('exhausted')
    const asked = acquired + exhausted
    const hitRate = asked === 0 ? 1 : acquired / asked
    return {
      capacity: this.capacity,
      available: memory.free,
      allocated: this.capacity,
      acquired,
      released: memory.counted('released'),
      recovered: memory.counted('recovered'),
      exhausted,
      doubleReleases: memory.counted('doubleReleases'),
      hitRate,
      healthy: hitRate > 0.8,
    }
  }

  #throwIfDetached(): void {
    if (this.#isDetached)
      throw closed('this thread has given its place at the pool back with detach: attach to it again')
  }

  #refuse(): number {
    this.#memory.count(this.memberId, 'exhausted')
    if (this.#handle.whenExhausted !== 'throw') return -1
    throw stateFull(`all ${this.capacity} events of the pool are in use: release some, or raise capacity`, {
      value: this.capacity,
      at: 'capacity',
    })
  }

  #slotInUse(handle: number): number {
    if (this.isHeld(handle)) return slotOf(handle)
    throw notInUse(handle)
  }
}

const generationIn = (handle: number): number => Math.floor(handle / GENERATION)

const notInUse = (handle: number): Error =>
  closed(`handle ${show(handle)} isn't in use: acquire an event before using it, and don't after its release`, {
    value: handle,
  })
