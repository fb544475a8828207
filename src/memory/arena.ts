import type { LinearMemory } from './linear-memory.ts'

const ALIGNMENT = 64
const LEAST_CLASS = 6

/**
 * Hands out ranges of linear memory: power-of-two classes from 64 bytes, a free list per class, everything aligned to a
 * cache line. The first line stays unused, so that address 0 can mean "none". Memory is never returned to the system.
 */
export class Arena {
  readonly memory: LinearMemory
  readonly #free: number[][] = []
  #top = ALIGNMENT
  #inUse = 0

  constructor(memory: LinearMemory) {
    this.memory = memory
  }

  /** Bytes handed out and not given back, rounded up to their classes. */
  get bytesInUse(): number {
    return this.#inUse
  }

  /** Address of at least `bytes` bytes; their content is what was there before. @throws EventfluxError `STATE_FULL` */
  allocate(bytes: number): number {
    const order = classOf(bytes)
    const reused = this.#free[order]?.pop()
    if (reused === undefined) {
      const address = this.#top
      this.memory.ensure(address + 2 ** order)
      this.#top = address + 2 ** order
      this.#inUse += 2 ** order
      return address
    }
    this.#inUse += 2 ** order
    return reused
  }

  /** The same, with every byte zero. */
  allocateZeroed(bytes: number): number {
    const address = this.allocate(bytes)
    this.memory.u8.fill(0, address, address + bytes)
    return address
  }

  /** Gives a range back; `bytes` as it was asked for. */
  release(address: number, bytes: number): void {
    const order = classOf(bytes)
    this.#free[order] ??= []
    this.#free[order].push(address)
    this.#inUse -= 2 ** order
  }
}

function classOf(bytes: number): number {
  return Math.max(LEAST_CLASS, 32 - Math.clz32(Math.max(1, bytes) - 1))
}
