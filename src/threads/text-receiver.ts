import type { StateReader } from '../checkpoint/state-reader.ts'
import type { Arena } from '../memory/arena.ts'
import type { Dictionary } from '../memory/dictionary.ts'
import type { KernelExports } from '../wasm/exports.ts'

/** Turns the codes of another thread's dictionary into those of one here. */
export class TextReceiver {
  readonly #dictionary: Dictionary
  readonly #arena: Arena
  readonly #kernels: Pick<KernelExports, 'translateCodes'>
  /** By code there: the code here, 0 where there is none. */
  #table = 0
  #length = 0
  /** Codes that are others here; while there is none, they can stay as they are. */
  #others = 0

  constructor(dictionary: Dictionary, arena: Arena, kernels: Pick<KernelExports, 'translateCodes'>) {
    this.#dictionary = dictionary
    this.#arena = arena
    this.#kernels = kernels
    dictionary.addOwner(mark => {
      const { u32 } = arena.memory
      const table = this.#table >>> 2
      for (let code = 1; code < this.#length; code++) if (u32[table + code] !== 0) mark(u32[table + code]!)
    })
  }

  /** Takes in what a `TextSender` wrote. */
  read(reader: StateReader): void {
    for (let left = reader.count(4); left > 0; left--) {
      const code = reader.u32()
      if (code < this.#length) this.#set(code, 0)
    }
    for (let left = reader.count(9); left > 0; left--) {
      const code = reader.u32()
      const own = this.#dictionary.encode(reader.text())
      if (code >= this.#length) this.#grow(code + 1)
      this.#set(code, own)
    }
  }

  /**
   * Translates `count` codes in place. What stands in the place of a null becomes the null.
   *
   * @param mayBeNull Whether something may stand in the place of a null.
   */
  translate(codes: number, count: number, mayBeNull: boolean): void {
    if (this.#others === 0 && !mayBeNull) return
    const { u32 } = this.#arena.memory
    for (let done = 0; done < count; done++) {
      done += this.#kernels.translateCodes(codes + done * 4, count - done, this.#table, this.#length)
      if (done < count) u32[(codes >>> 2) + done] = 0
    }
  }

  close(): void {
    if (this.#table !== 0) this.#arena.release(this.#table, this.#length * 4)
    this.#table = 0
    this.#length = 0
  }

  #set(code: number, own: number): void {
    const { u32 } = this.#arena.memory
    const at = (this.#table >>> 2) + code
    if (u32[at] !== 0 && u32[at] !== code) this.#others--
    if (own !== 0 && own !== code) this.#others++
    u32[at] = own
  }

  #grow(codes: number): void {
    const length = Math.max(1024, 2 ** Math.ceil(Math.log2(codes)))
    const table = this.#arena.allocateZeroed(length * 4)
    if (this.#table !== 0) {
      this.#arena.memory.u32.copyWithin(table >>> 2, this.#table >>> 2, (this.#table >>> 2) + this.#length)
      this.#arena.release(this.#table, this.#length * 4)
    }
    this.#table = table
    this.#length = length
  }
}
