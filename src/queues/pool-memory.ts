import { optionInvalid } from '../errors.ts'
import { BYTE_WIDTH } from '../schema/data-type.ts'
import type { Schema } from '../schema/schema.ts'
import { HOLDER_MASK, IS_EMPTYING, type PoolWords } from './pool-words.ts'
import { markOf } from './shared-memory.ts'
import { columnsOf } from './shared-queue-handle.ts'

/** Lines of two cache lines: what one thread writes and another reads doesn't share one. */
const LINE = 128
/** Most threads at one pool: their numbers are part of a slot's word. */
export const MAX_POOL_MEMBERS = HOLDER_MASK

/** Index of the word that says what the pool was made for, in the line of the count of releases. */
const MARK = 1

/** What a member counts: cells of its line, behind its state. */
const POOL_COUNTERS = ['acquired', 'released', 'recovered', 'exhausted', 'doubleReleases'] as const
type PoolCounter = (typeof POOL_COUNTERS)[number]

const FREE = 0
const TAKEN = 1

const aligned = (address: number): number => Math.ceil(address / LINE) * LINE

/** The shared memory of a pool, as one thread sees it. */
export class PoolMemory {
  readonly u8: Uint8Array
  readonly words: PoolWords
  readonly capacity: number
  readonly memberCount: number
  /** By field: address of slot 0's value; and of a byte a slot, 1 where it has one, 0 for fields that can't be null. */
  readonly values: readonly number[]
  readonly presence: readonly number[]
  readonly #i32: Int32Array
  readonly #f64: Float64Array

  /**
   * @param shared Left out: new memory, of which all slots are free.
   * @throws EventfluxError `OPTION_INVALID` when it is too short, or that of another pool or of something else.
   */
  constructor(schema: Schema, capacity: number, members: number, shared?: SharedArrayBuffer) {
    let top = LINE
    const place = (bytes: number): number => {
      const address = top
      top = aligned(address + bytes)
      return address
    }
    place(LINE * members)
    const hintWords = Math.ceil(capacity / 32)
    const hints = place(4 * hintWords) >>> 2
    const slots = place(4 * capacity) >>> 2
    this.values = schema.fields.map(({ type }) => place(BYTE_WIDTH[type.name] * capacity))
    this.presence = schema.fields.map(({ type }) => (type.isNullable ? place(capacity) : 0))
    if (shared !== undefined && shared.byteLength < top)
      throw optionInvalid(`the memory of the handle has ${shared.byteLength} bytes and its pool takes ${top}`, {
        at: 'memory',
      })
    const buffer = shared ?? new SharedArrayBuffer(top)
    this.capacity = capacity
    this.memberCount = members
    this.u8 = new Uint8Array(buffer)
    this.#i32 = new Int32Array(buffer)
    this.#f64 = new Float64Array(buffer)
    this.words = { words: this.#i32, releases: 0, hints, hintWords, slots }
    const mark = markOf('pool', columnsOf(schema), capacity, members) | 0
    if (shared !== undefined) {
      if (this.#i32[MARK] === mark) return
      throw optionInvalid('the memory of the handle is not that of the pool it describes: pass on what share() gave', {
        at: 'memory',
      })
    }
    this.#i32[MARK] = mark
    for (let slot = 0; slot < capacity; slot++) this.#i32[hints + (slot >>> 5)]! |= 1 << (slot & 31)
  }

  get shared(): SharedArrayBuffer {
    return this.u8.buffer as SharedArrayBuffer
  }

  /** Slots nobody holds: a moment's truth. O(capacity). */
  get free(): number {
    const { words, slots } = this.words
    let free = 0
    for (let slot = 0; slot < this.capacity; slot++)
      if ((Atomics.load(words, slots + slot) & (HOLDER_MASK | IS_EMPTYING)) === 0) free++
    return free
  }

  /** Takes a free place among the members; its index. @throws EventfluxError `OPTION_INVALID` when there is none. */
  join(): number {
    for (let index = 0; index < this.memberCount; index++)
      if (Atomics.compareExchange(this.#i32, this.#member(index) >>> 2, FREE, TAKEN) === FREE) return index
    throw optionInvalid(
      `${this.memberCount} threads use this pool, and it was made for no more: raise members, or detach those that are done`,
      { value: this.memberCount, at: 'members' },
    )
  }

  leave(index: number): void {
    Atomics.store(this.#i32, this.#member(index) >>> 2, FREE)
  }

  isMember(index: number): boolean {
    return (
      Number.isInteger(index) &&
      index >= 0 &&
      index < this.memberCount &&
      Atomics.load(this.#i32, this.#member(index) >>> 2) === TAKEN
    )
  }

  /** Adds to a counter that this member alone writes. */
  count(index: number, counter: PoolCounter, n = 1): void {
    const cell = this.#cell(index, counter)
    this.#f64[cell] = this.#f64[cell]! + n
  }

  /** The sum of a counter over all members, gone ones too. */
  counted(counter: PoolCounter): number {
    let total = 0
    for (let index = 0; index < this.memberCount; index++) total += this.#f64[this.#cell(index, counter)]!
    return total
  }

  #member(index: number): number {
    return LINE * (index + 1)
  }

  #cell(index: number, counter: PoolCounter): number {
    return (this.#member(index) >>> 3) + 1 + POOL_COUNTERS.indexOf(counter)
  }
}
