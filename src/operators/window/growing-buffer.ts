import { BUFFER_ADDRESS, BUFFER_CAPACITY, BUFFER_COUNT } from '../../../assembly/abi.ts'
import type { Arena } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'

const LEAST_CAPACITY = 8

/** Copies what a buffer of `capacity` elements holds into a larger, empty one. */
export type Move = (from: number, capacity: number, to: number, toCapacity: number) => void

/** The buffers that fields of records have outside of them (abi.ts "buffer"): made, doubled, and given back. */
export class GrowingBuffers {
  readonly #arena: Arena
  readonly #memory: LinearMemory
  readonly #elementBytes: number
  readonly #move: Move

  constructor(arena: Arena, elementBytes: number, move: Move) {
    this.#arena = arena
    this.#memory = arena.memory
    this.#elementBytes = elementBytes
    this.#move = move
  }

  /** Elements the field's buffer has room for. */
  capacity(field: number): number {
    return this.#memory.u32[(field + BUFFER_CAPACITY) >>> 2]!
  }

  /** Doubles the room of the field's buffer. @throws EventfluxError `STATE_FULL` when there is no memory for it. */
  grow(field: number): void {
    const capacity = this.capacity(field)
    const larger = Math.max(LEAST_CAPACITY, capacity * 2)
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
}
