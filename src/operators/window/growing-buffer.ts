import { BUFFER_ADDRESS, BUFFER_CAPACITY, BUFFER_COUNT, SET_ZERO } from '../../../assembly/abi.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { type Arena, bytesTaken } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'

const LEAST_CAPACITY = 8
/** Sets smaller than that grow fourfold: entering their values anew, each time they grow, is what small sets cost. */
const SMALL_SET = 128

/** Copies what a buffer of `capacity` elements holds into a larger, empty one. */
type Move = (from: number, capacity: number, to: number, toCapacity: number) => void

/** What a buffer is: elements one behind the other, or a table, which has elements and gaps of zeros. */
export interface BufferShape {
  readonly elementBytes: number
  /** Sets are tables that say beside the buffer whether zero is in them. */
  readonly form: 'list' | 'table' | 'set'
  /** Elements it has room for at most, where there is a bound. */
  readonly most?: number
  readonly move: Move
}

/** The buffers that fields of records have outside of them (abi.ts "buffer"): made, doubled, and given back. */
export class GrowingBuffers {
  readonly #arena: Arena
  readonly #memory: LinearMemory
  readonly #elementBytes: number
  readonly #form: BufferShape['form']
  readonly #most: number
  readonly #move: Move

  constructor(arena: Arena, { elementBytes, form, most = Number.POSITIVE_INFINITY, move }: BufferShape) {
    this.#arena = arena
    this.#memory = arena.memory
    this.#elementBytes = elementBytes
    this.#form = form
    this.#most = most
    this.#move = move
  }

  /** Elements the field's buffer has room for. */
  capacity(field: number): number {
    return this.#memory.u32[(field + BUFFER_CAPACITY) >>> 2]!
  }

  /** Makes the room of the field's buffer larger. @throws EventfluxError `STATE_FULL` when there is no memory for it. */
  grow(field: number): void {
    const capacity = this.capacity(field)
    const larger = this.#largerThan(capacity)
    const to = this.#arena.allocateZeroed(larger * this.#elementBytes)
    const { u32 } = this.#memory
    const from = u32[(field + BUFFER_ADDRESS) >>> 2]!
    if (from !== 0) {
      this.#move(from, capacity, to, larger)
      this.#arena.release(from, capacity * this.#elementBytes)
    }
    u32[(field + BUFFER_ADDRESS) >>> 2] = to
    u32[(field + BUFFER_CAPACITY) >>> 2] = larger
  }

  /** Gives the field's buffer back: the field is as empty as a new one. */
  release(field: number): void {
    const { u32, f64 } = this.#memory
    const address = u32[(field + BUFFER_ADDRESS) >>> 2]!
    if (address !== 0) this.#arena.release(address, this.capacity(field) * this.#elementBytes)
    u32[(field + BUFFER_ADDRESS) >>> 2] = 0
    u32[(field + BUFFER_CAPACITY) >>> 2] = 0
    f64[(field + BUFFER_COUNT) >>> 3] = 0
  }

  /** Writes the elements of the field's buffer: neither gaps nor places, which are those of this memory. */
  snapshot(writer: StateWriter, field: number): void {
    const { u32, f64 } = this.#memory
    const hasZero = this.#form === 'set' && f64[(field + SET_ZERO) >>> 3] !== 0
    if (this.#form === 'set') writer.bool(hasZero)
    const count = f64[(field + BUFFER_COUNT) >>> 3]! - Number(hasZero)
    const words = this.#elementBytes / 4
    const first = u32[(field + BUFFER_ADDRESS) >>> 2]! >>> 2
    writer.u32(count)
    if (this.#form === 'list') writer.words(u32, first, count * words)
    else {
      for (let i = 0; i < this.capacity(field); i++)
        if (!this.#isGap(first + i * words)) writer.words(u32, first + i * words, words)
    }
  }

  /** Gives a field without a buffer one of what `snapshot` wrote. */
  restore(reader: StateReader, field: number): void {
    const hasZero = this.#form === 'set' && reader.bool()
    const count = reader.count(this.#elementBytes)
    if (count > 0) this.#refill(reader, field, count)
    const { f64 } = this.#memory
    f64[(field + BUFFER_COUNT) >>> 3] = count + Number(hasZero)
    if (this.#form === 'set') f64[(field + SET_ZERO) >>> 3] = Number(hasZero)
  }

  /** Puts others in the place of the first words of the elements of a table, all of them different. */
  replace(field: number, wordOf: (word: number) => number): void {
    const { u32 } = this.#memory
    const from = u32[(field + BUFFER_ADDRESS) >>> 2]!
    const capacity = this.capacity(field)
    if (from === 0) return
    const words = this.#elementBytes / 4
    for (let i = 0; i < capacity; i++) {
      const at = (from >>> 2) + i * words
      if (!this.#isGap(at)) u32[at] = wordOf(u32[at]!)
    }
    const to = this.#arena.allocateZeroed(capacity * this.#elementBytes)
    this.#move(from, capacity, to, capacity)
    this.#arena.release(from, capacity * this.#elementBytes)
    this.#memory.u32[(field + BUFFER_ADDRESS) >>> 2] = to
  }

  /** Twice as much room or more, but none that is never used. */
  #largerThan(capacity: number): number {
    if (this.#form === 'set' && capacity < SMALL_SET) return Math.max(2 * LEAST_CAPACITY, capacity * 4)
    const doubled = Math.max(LEAST_CAPACITY, capacity * 2)
    return this.#most * this.#elementBytes <= bytesTaken(doubled * this.#elementBytes) ? this.#most : doubled
  }

  #refill(reader: StateReader, field: number, count: number): void {
    const words = this.#elementBytes / 4
    const isTable = this.#form !== 'list'
    let capacity = LEAST_CAPACITY
    // Tables are at most half full.
    while (capacity < (isTable ? count * 2 : count)) capacity *= 2
    const address = this.#arena.allocateZeroed(capacity * this.#elementBytes)
    this.#memory.u32[(field + BUFFER_ADDRESS) >>> 2] = address
    this.#memory.u32[(field + BUFFER_CAPACITY) >>> 2] = capacity
    if (!isTable) {
      reader.words(this.#memory.u32, address >>> 2, count * words)
      return
    }
    const side = this.#arena.allocate(count * this.#elementBytes)
    reader.words(this.#memory.u32, side >>> 2, count * words)
    for (let i = 0; i < count; i++)
      if (this.#isGap((side >>> 2) + i * words)) reader.refuse('an element of a table is none')
    this.#move(side, count, address, capacity)
    this.#arena.release(side, count * this.#elementBytes)
  }

  /** An element's last 8 bytes are its value or how often there is one: never 0, as they are in a gap. */
  #isGap(element: number): boolean {
    const { u32 } = this.#memory
    const end = element + this.#elementBytes / 4
    return u32[end - 1] === 0 && u32[end - 2] === 0
  }
}
