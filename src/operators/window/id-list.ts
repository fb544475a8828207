import type { Arena } from '../../memory/arena.ts'

const LEAST_CAPACITY = 256

/** A list of key ids in linear memory, for kernels. */
export class IdList {
  address: number
  count = 0
  readonly #arena: Arena
  #capacity = LEAST_CAPACITY

  constructor(arena: Arena) {
    this.#arena = arena
    this.address = arena.allocate(LEAST_CAPACITY * 4)
  }

  /** Makes it a list of these ids. */
  set(ids: readonly number[]): void {
    if (ids.length > this.#capacity) {
      this.close()
      while (this.#capacity < ids.length) this.#capacity *= 2
      this.address = this.#arena.allocate(this.#capacity * 4)
    }
    this.#arena.memory.u32.set(ids, this.address >>> 2)
    this.count = ids.length
  }

  close(): void {
    this.#arena.release(this.address, this.#capacity * 4)
  }
}
