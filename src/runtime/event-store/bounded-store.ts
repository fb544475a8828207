import { EventfluxError } from '../../errors.ts'
import type { AdmissionStore } from '../admission/admission-store.ts'
import { type EventStore, MAX_CAPACITY } from './event-store.ts'

/**
 * The events of a queue as its admission sees them: bounded, but able to evict and to grow. What has grown shrinks back
 * when it is read empty.
 */
export class BoundedStore<In, Out> implements AdmissionStore {
  readonly #store: EventStore<In, Out>
  readonly #capacity: number
  /** Evicted and not asked for yet; undefined when nobody asks. */
  readonly #evicted: Out[] | undefined
  #isGrown = false

  /** @param keepsEvicted Whether evicted events are kept for `takeEvicted`. */
  constructor(store: EventStore<In, Out>, keepsEvicted: boolean) {
    this.#store = store
    this.#capacity = store.capacity
    this.#evicted = keepsEvicted ? [] : undefined
  }

  get length(): number {
    return this.#store.length
  }

  get capacity(): number {
    return this.#store.capacity
  }

  get bytes(): number {
    return this.#store.bytesFor(this.#store.capacity)
  }

  push(event: In): boolean {
    return this.#store.push(event)
  }

  pop(): Out | undefined {
    const event = this.#store.pop()
    if (this.#isGrown) this.#shrinkIfEmpty()
    return event
  }

  peek(): Out | undefined {
    return this.#store.peek()
  }

  /** Drops everything; returns how much it was. */
  clear(): number {
    const dropped = this.length
    this.#store.drop(dropped)
    if (this.#isGrown) this.#shrinkIfEmpty()
    return dropped
  }

  evictOldest(rows: number): number {
    const evicted = Math.min(rows, this.length)
    if (this.#evicted === undefined) this.#store.drop(evicted)
    else for (let i = 0; i < evicted; i++) this.#evicted.push(this.#store.pop()!)
    return evicted
  }

  /** The events evicted since the last call, oldest first. */
  takeEvicted(): Out[] {
    return this.#evicted?.splice(0) ?? []
  }

  /** Doubles the capacity; where `maxBytes` doesn't allow that, uses up the slots there are. */
  grow(maxBytes: number): boolean {
    const { capacity } = this.#store
    let larger = Math.min(2 * capacity, MAX_CAPACITY)
    if (this.#store.bytesFor(larger) > maxBytes) larger = 2 ** Math.ceil(Math.log2(capacity))
    if (larger === capacity || this.#store.bytesFor(larger) > maxBytes || !this.#tryResize(larger)) return false
    this.#isGrown = true
    return true
  }

  #shrinkIfEmpty(): void {
    if (this.length === 0 && this.#tryResize(this.#capacity)) this.#isGrown = false
  }

  #tryResize(capacity: number): boolean {
    try {
      this.#store.resize(capacity)
    } catch (error) {
      if (error instanceof EventfluxError && error.code === 'STATE_FULL') return false
      throw error
    }
    return true
  }
}
