import { closed, doubleRelease, EventfluxError, optionInvalid, show, stateFull } from '../errors.ts'
import { checkNeededOptions, type OptionNames } from '../options.ts'
import type { Flat, InsertRowOf, ResultRowOf, ResultValue } from '../schema/row-types.ts'
import { checkSchema, type Schema, type SchemaFields } from '../schema/schema.ts'
import { checkAnswers } from './event-pool/pool-answers.ts'
import { PoolColumns, type PoolMemoryOptions } from './event-pool/pool-columns.ts'
import { MAX_SLOTS, PoolSlots, slotOf } from './event-pool/pool-slots.ts'
import { PoolView } from './event-pool/pool-view.ts'

/** What a pool is made of. */
export interface EventPoolOptions extends PoolMemoryOptions {
  /** Events kept for reuse: 1 … 2^24. */
  readonly capacity: number
  /** Makes events when they are first needed, instead of all at once; default false. */
  readonly lazy?: boolean
  /** Makes more than `capacity` events when all are in use; default false. */
  readonly growable?: boolean
  /** What `acquire` does when there is no event left: `'refuse'` (default) answers -1, `'throw'` throws `STATE_FULL`. */
  readonly whenExhausted?: 'refuse' | 'throw'
  /** What `release` does with a handle that isn't in use: `'throw'` (default) or `'count'` and do nothing. */
  readonly doubleRelease?: 'throw' | 'count'
}

const NAMES: OptionNames<EventPoolOptions> = {
  capacity: true,
  lazy: true,
  growable: true,
  whenExhausted: true,
  doubleRelease: true,
  maxMemory: true,
  maxStringLength: true,
}

/** A pool's numbers at one moment. */
export interface EventPoolStats {
  readonly capacity: number
  /** Events ready to be acquired. */
  readonly available: number
  /** Events there are: available and in use. */
  readonly allocated: number
  /** Handles handed out, ever. */
  readonly acquired: number
  /** Handles given back, ever. */
  readonly released: number
  /** Events made because all others were in use. */
  readonly grown: number
  /** Events given back to a full pool and let go of. */
  readonly discarded: number
  /** Calls of `acquire` that found nothing. */
  readonly exhausted: number
  /** Calls of `release` with a handle that wasn't in use. */
  readonly doubleReleases: number
  /** Share of the calls of `acquire` that were served by an event that was there; 1 before the first. */
  readonly hitRate: number
  /** Whether the hit rate is over 0.8. */
  readonly healthy: boolean
}

/** An event of a pool, to be read and written in place. */
export type PooledEvent<F extends SchemaFields> = Flat<{ -readonly [K in keyof F]: ResultValue<F[K]> }>

/** Events the first piece of a lazy or growing pool has. */
const LEAST_PIECE = 64

/**
 * Reusable events whose fields stand in columns of linear memory: acquiring and releasing one allocates no object. An
 * event goes by a handle, a number that is good until it is released; a released event is emptied at once.
 *
 * @example
 * ```ts
 * const pool = new EventPool(schema({ symbol: utf8(), price: f64() }), { capacity: 1_024 })
 * const handle = pool.acquire()
 * pool.set(handle, 'price', 12.5)
 * pool.get(handle, 'price') // 12.5
 * pool.release(handle)
 * ```
 */
export class EventPool<F extends SchemaFields> {
  readonly capacity: number
  readonly #columns: PoolColumns
  readonly #slots = new PoolSlots()
  readonly #view: PoolView
  readonly #growable: boolean
  readonly #throwsWhenExhausted: boolean
  readonly #throwsOnDoubleRelease: boolean
  #acquired = 0
  #released = 0
  #hits = 0
  #grown = 0
  #discarded = 0
  #exhausted = 0
  #doubleReleases = 0

  /** @throws EventfluxError `OPTION_INVALID` for a capacity or an answer there isn't, `STATE_FULL` when `maxMemory` is too small. */
  constructor(schema: Schema<F>, options: EventPoolOptions) {
    checkSchema('EventPool', schema)
    checkNeededOptions('EventPool', options, NAMES)
    const { capacity, lazy = false, growable = false } = options
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_SLOTS)
      throw optionInvalid(`the capacity of a pool is an integer from 1 to ${MAX_SLOTS}, not ${show(capacity)}`, {
        value: capacity,
        at: 'capacity',
      })
    checkAnswers(options)
    this.capacity = capacity
    this.#growable = growable
    this.#throwsWhenExhausted = options.whenExhausted === 'throw'
    this.#throwsOnDoubleRelease = options.doubleRelease !== 'count'
    this.#columns = new PoolColumns(schema as unknown as Schema, growable ? MAX_SLOTS : capacity, options)
    const names = schema.fields.map(field => field.name)
    this.#view = new PoolView(this.#columns, names, handle => this.#slotInUse(handle))
    if (!lazy) this.#extend(capacity, 'free')
  }

  /**
   * An empty event's handle. O(1), amortised when the pool grows. -1 when none is left and the pool may not grow.
   * Memory that runs out counts as none left.
   *
   * @throws EventfluxError `STATE_FULL` instead of -1 with `whenExhausted: 'throw'`.
   */
  acquire(): number {
    let handle = this.#slots.acquire()
    if (handle >= 0) this.#hits++
    else {
      handle = this.#make()
      if (handle < 0) return this.#refuse()
    }
    this.#acquired++
    return handle
  }

  /**
   * Empties the event and gives it back. False: the handle isn't in use.
   *
   * @throws EventfluxError `DOUBLE_RELEASE` instead of false, unless `doubleRelease` is `'count'`.
   */
  release(handle: number): boolean {
    if (!this.#slots.isHeld(handle)) {
      this.#doubleReleases++
      if (!this.#throwsOnDoubleRelease) return false
      throw doubleRelease(`handle ${show(handle)} isn't in use: it was released before, or never acquired`, {
        value: handle,
      })
    }
    this.#columns.clear(slotOf(handle))
    this.#released++
    if (this.#slots.available < this.capacity) this.#slots.release(handle)
    else {
      this.#slots.retire(handle)
      this.#discarded++
    }
    return true
  }

  /** Whether the handle is in use. */
  isHeld(handle: number): boolean {
    return this.#slots.isHeld(handle)
  }

  /** @throws EventfluxError `CLOSED` for a handle that isn't in use, `EVENT_INVALID` for a field that isn't there. */
  get<K extends keyof F & string>(handle: number, field: K): ResultValue<F[K]> {
    return this.#columns.get(this.#slotInUse(handle), field) as ResultValue<F[K]>
  }

  /** @throws EventfluxError as `get` does, and `EVENT_INVALID` for a value that doesn't fit; then nothing changed. */
  set<K extends keyof F & string>(handle: number, field: K, value: ResultValue<F[K]>): void {
    this.#columns.set(this.#slotInUse(handle), field, value)
  }

  /**
   * The event as an object whose fields read and write the pool. There is one such object: it stands for the handle of the
   * last call.
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
   * @throws EventfluxError `CLOSED` for a handle that isn't in use, `EVENT_INVALID` for a row that doesn't fit (fields before
   * the one at fault are written).
   */
  write(handle: number, row: InsertRowOf<F>): void {
    this.#columns.write(this.#slotInUse(handle), row)
  }

  /** A copy of the pool's numbers. */
  stats(): EventPoolStats {
    const asked = this.#acquired + this.#exhausted
    const hitRate = asked === 0 ? 1 : this.#hits / asked
    const available = this.#slots.available
    return {
      capacity: this.capacity,
      available,
      allocated: available + this.#acquired - this.#released,
      acquired: this.#acquired,
      released: this.#released,
      grown: this.#grown,
      discarded: this.#discarded,
      exhausted: this.#exhausted,
      doubleReleases: this.#doubleReleases,
      hitRate,
      healthy: hitRate > 0.8,
    }
  }

  /** The handle of an event that wasn't there before, or -1. */
  #make(): number {
    const made = this.#slots.count
    const doubled = Math.max(LEAST_PIECE, 2 * made)
    if (made < this.capacity)
      return this.#tryExtend(Math.min(this.capacity, doubled), 'free') ? this.#slots.acquire() : -1
    if (!this.#growable) return -1
    if (this.#slots.retired === 0 && !this.#tryExtend(Math.min(MAX_SLOTS, doubled), 'retired')) return -1
    this.#grown++
    return this.#slots.revive()
  }

  #refuse(): number {
    this.#exhausted++
    if (!this.#throwsWhenExhausted) return -1
    throw stateFull(
      `all ${this.#acquired - this.#released} events of the pool are in use: release some, raise capacity or maxMemory, or make it growable`,
      { value: this.capacity, at: 'capacity' },
    )
  }

  /** False: there is no memory, or no number, for more slots. */
  #tryExtend(to: number, as: 'free' | 'retired'): boolean {
    if (to === this.#slots.count) return false
    try {
      this.#extend(to, as)
    } catch (error) {
      if (error instanceof EventfluxError && error.code === 'STATE_FULL') return false
      throw error
    }
    return true
  }

  #extend(to: number, as: 'free' | 'retired'): void {
    this.#columns.extend(to)
    this.#slots.extend(to, as)
  }

  #slotInUse(handle: number): number {
    if (this.#slots.isHeld(handle)) return slotOf(handle)
    throw closed(`handle ${show(handle)} isn't in use: acquire an event before using it, and don't after its release`, {
      value: handle,
    })
  }
}
