import type { Arena } from './arena.ts'
import type { Dictionary } from './dictionary.ts'

const LEAST_CODES = 1024

/** A value in linear memory for each code of a dictionary, 0 until it is written, and again when the code is taken back. */
export class CodeValues {
  /** Where code 0's value stands. */
  address = 0
  /** Codes there is room for. */
  length = 0
  readonly #dictionary: Dictionary
  readonly #arena: Arena
  readonly #width: 1 | 4 | 8

  constructor(dictionary: Dictionary, arena: Arena, width: 1 | 4 | 8) {
    this.#dictionary = dictionary
    this.#arena = arena
    this.#width = width
    dictionary.onRecycle(codes => {
      const { u8, u32 } = arena.memory
      for (const code of codes) {
        if (code >= this.length) continue
        const at = this.address + code * width
        if (width === 1) u8[at] = 0
        else for (let word = at >>> 2; word < (at + width) >>> 2; word++) u32[word] = 0
      }
    })
  }

  /** Makes room for every code there is. Amortised by doubling. */
  grow(): void {
    const { codeLimit } = this.#dictionary
    if (codeLimit <= this.length) return
    const length = Math.max(LEAST_CODES, 2 ** Math.ceil(Math.log2(codeLimit)))
    const address = this.#arena.allocateZeroed(length * this.#width)
    const { u8 } = this.#arena.memory
    u8.copyWithin(address, this.address, this.address + this.length * this.#width)
    this.close()
    this.address = address
    this.length = length
  }

  close(): void {
    if (this.length > 0) this.#arena.release(this.address, this.length * this.#width)
    this.length = 0
  }
}
