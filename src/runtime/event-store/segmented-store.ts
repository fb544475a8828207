import { EventfluxError } from '../../errors.ts'
import type { AdmissionStore } from '../admission/admission-store.ts'
import { type EventStore, type EventStoreMaker, MAX_CAPACITY } from './event-store.ts'

/**
 * The events of a queue: one store, until growth adds more. Written at the newest, read from the oldest; a store that is
 * read empty gives its memory back, so the size follows the longest the queue got.
 */
export class SegmentedStore<In, Out> implements AdmissionStore {
  readonly #maker: EventStoreMaker<In, Out>
  /** Evicted and not asked for yet; undefined when nobody asks. */
  readonly #evicted: Out[] | undefined
  #oldest: EventStore<In, Out>
  #newest: EventStore<In, Out>
  /** Stores after the oldest, the newest last; empty as long as there is but one. */
  readonly #later: EventStore<In, Out>[] = []

  /** @param keepsEvicted Whether evicted events are kept for `takeEvicted`. */
  constructor(maker: EventStoreMaker<In, Out>, capacity: number, keepsEvicted: boolean) {
    this.#maker = maker
    this.#evicted = keepsEvicted ? [] : undefined
    this.#oldest = this.#newest = maker.make(capacity)
  }

  get length(): number {
    let length = this.#oldest.length
    for (let i = 0; i < this.#later.length; i++) length += this.#later[i]!.length
    return length
  }

  /** What the newest store can hold and what waits in older ones. */
  get capacity(): number {
    return this.length + this.#newest.capacity - this.#newest.length
  }

  get bytes(): number {
    let bytes = this.#maker.bytesFor(this.#oldest.capacity)
    for (const store of this.#later) bytes += this.#maker.bytesFor(store.capacity)
    return bytes
  }

  push(event: In): boolean {
    return this.#newest.push(event)
  }

  pop(): Out | undefined {
    const event = this.#oldest.pop()
    if (this.#later.length > 0) this.#dropEmptied()
    return event
  }

  peek(): Out | undefined {
    return this.#oldest.peek()
  }

  /** Drops everything; returns how much it was. */
  clear(): number {
    const dropped = this.length
    this.#oldest.drop(this.#oldest.length)
    for (const store of this.#later) store.drop(store.length)
    this.#dropEmptied()
    return dropped
  }

  evictOldest(rows: number): number {
    const evicted = Math.min(rows, this.length)
    for (let i = 0; i < evicted; i++) this.#evict()
    return evicted
  }

  /** The events evicted since the last call, oldest first. */
  takeEvicted(): Out[] {
    return this.#evicted?.splice(0) ?? []
  }

  grow(maxBytes: number): boolean {
    const room = maxBytes - this.bytes
    let capacity = Math.min(this.#newest.capacity * 2, MAX_CAPACITY)
    while (this.#maker.bytesFor(capacity) > room) {
      capacity >>>= 1
      if (capacity === 0) return false
    }
    try {
      this.#newest = this.#maker.make(capacity)
    } catch (error) {
      if (error instanceof EventfluxError && error.code === 'STATE_FULL') return false
      throw error
    }
    this.#later.push(this.#newest)
    this.#dropEmptied()
    return true
  }

  #evict(): void {
    if (this.#evicted !== undefined) this.#evicted.push(this.pop()!)
    else {
      this.#oldest.drop(1)
      this.#dropEmptied()
    }
  }

  /** The oldest store has events, unless none has. */
  #dropEmptied(): void {
    while (this.#later.length > 0 && this.#oldest.length === 0) {
      this.#oldest.close()
      this.#oldest = this.#later.shift()!
    }
  }
}
