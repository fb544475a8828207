import type { LinearMemory } from './linear-memory.ts'

const ALIGNMENT = 64
const LEAST_CLASS = 6

/** The address of what is allocated first. */
export const FIRST_ADDRESS = ALIGNMENT

/**
 * Hands out ranges of linear memory: power-of-two classes from 64 bytes, a free list per class, everything aligned to a
 * cache line. The first line stays unused, so that address 0 can mean "none". Memory is never returned to the system.
 */
export class Arena {
  readonly memory: LinearMemory
  readonly #free: number[][] = []
  #top = FIRST_ADDRESS
  #inUse = 0

  constructor(memory: LinearMemory) {
    this.memory = memory
  }

  /** Bytes handed out and not given back, rounded up to their classes. */
  get bytesInUse(): number {
    return this.#inUse
  }

  /** Bytes below this may have been written; none behind it has been. */
  get written(): number {
    return Math.max(this.#top, this.memory.written)
  }

  /** Bytes that may still be handed out. */
  get available(): number {
    return this.memory.maxBytes - this.#inUse
  }

  /** Address of at least `bytes` bytes; their content is what was there before. @throws EventfluxError `STATE_FULL` */
  allocate(bytes: number): number {
    const order = classOf(bytes)
    const address = this.#free[order]?.pop() ?? this.#takeNew(2 ** order)
    this.#inUse += 2 ** order
    return address
  }

  /** The same, with every byte zero. */
  allocateZeroed(bytes: number): number {
    const untouched = this.written
    const address = this.allocate(bytes)
    // New memory is zero; not writing it lets the system give pages when they are used.
    if (address < untouched) this.memory.u8.fill(0, address, address + bytes)
    return address
  }

  /** Gives a range back; `bytes` as it was asked for. */
  release(address: number, bytes: number): void {
    const order = classOf(bytes)
    this.#free[order] ??= []
    this.#free[order].push(address)
    this.#inUse -= 2 ** order
  }

  #takeNew(bytes: number): number {
    const address = this.#top
    this.memory.ensure(address + bytes)
    this.#top = address + bytes
    return address
  }
}

/** Ranges of an arena that are given back together, also when only some of them could be had. */
export class ArenaScope {
  readonly #arena: Arena
  readonly #ranges: { readonly address: number; readonly bytes: number }[] = []

  constructor(arena: Arena) {
    this.#arena = arena
  }

  /** Address of `bytes` zero bytes. @throws EventfluxError `STATE_FULL` */
  allocate(bytes: number): number {
    const address = this.#arena.allocateZeroed(bytes)
    this.#ranges.push({ address, bytes })
    return address
  }

  /** Gives all of it back. Calling it again does nothing. */
  release(): void {
    for (const { address, bytes } of this.#ranges) this.#arena.release(address, bytes)
    this.#ranges.length = 0
  }
}

/** Bytes an allocation of `bytes` takes: its class. */
export const bytesTaken = (bytes: number): number => 2 ** classOf(bytes)

function classOf(bytes: number): number {
  // clz32 sees 32 bits; whatever is larger gets a class that no memory can hold.
  if (bytes > 2 ** 31) return 32
  return Math.max(LEAST_CLASS, 32 - Math.clz32(Math.max(1, bytes) - 1))
}
