import { CodeValues } from '../../memory/code-values.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import { BYTE_WIDTH, type TypeName } from '../../schema/data-type.ts'
import type { EvaluationFrame } from './evaluation-frame.ts'

/**
 * What a function of one text gave, by the text's code, as far as it was asked. What it gave for a code is forgotten when
 * the code is taken back.
 */
export class TextResults {
  /** By code: whether it is known what the function gives. */
  known = new Uint8Array(0)
  /** The results, 0 where there is none. They move in `refresh`. */
  readonly values: CodeValues
  /** Address of a bit for each code: whether its result is not null. It moves in `refresh`. */
  bits = 0
  readonly #frame: EvaluationFrame

  constructor(frame: EvaluationFrame, dictionary: Dictionary, type: TypeName) {
    this.#frame = frame
    this.values = new CodeValues(dictionary, frame.arena, BYTE_WIDTH[type])
    dictionary.onRecycle(codes => {
      for (const code of codes) if (code < this.known.length) this.known[code] = 0
    })
    frame.onClose(() => {
      this.values.close()
      this.#releaseBits()
      this.known = new Uint8Array(0)
    })
  }

  /** Makes room for every code there is. True: the addresses have changed. */
  refresh(): boolean {
    this.values.grow()
    const { length } = this.values
    if (length === this.known.length) return false
    const { arena, memory } = this.#frame
    const bits = arena.allocateZeroed((length + 7) >>> 3)
    memory.u8.copyWithin(bits, this.bits, this.bits + ((this.known.length + 7) >>> 3))
    this.#releaseBits()
    const known = new Uint8Array(length)
    known.set(this.known)
    this.known = known
    this.bits = bits
    return true
  }

  /** Notes a result that stands at its place by now, or null. */
  note(code: number, isNull: boolean): void {
    const { u8 } = this.#frame.memory
    const at = this.bits + (code >>> 3)
    const bit = 1 << (code & 7)
    u8[at] = isNull ? u8[at]! & ~bit : u8[at]! | bit
    this.known[code] = 1
  }

  /** Marks the results that are codes of texts: they live as long as the texts they were made of. */
  readonly markResults: CodeMarker = mark => {
    const { i32, u8 } = this.#frame.memory
    for (let code = 1; code < this.known.length; code++)
      if (this.known[code] === 1 && ((u8[this.bits + (code >>> 3)]! >>> (code & 7)) & 1) === 1)
        mark(i32[(this.values.address >>> 2) + code]!)
  }

  #releaseBits(): void {
    if (this.known.length > 0) this.#frame.arena.release(this.bits, (this.known.length + 7) >>> 3)
  }
}
