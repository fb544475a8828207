import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import { BYTE_WIDTH, type TypeName } from '../../schema/data-type.ts'
import type { EvaluationFrame } from './evaluation-frame.ts'

const LEAST_CAPACITY = 256

/**
 * What a function of one text gave, by the text's code, as far as it was asked. What it gave for a code is forgotten when
 * the code is taken back.
 */
export class TextResults {
  /** By code: whether it is known what the function gives. */
  known = new Uint8Array(0)
  /** Address of the result of code 0, and of a bit for each: whether it is not null. They move in `refresh`. */
  values = 0
  bits = 0
  readonly #frame: EvaluationFrame
  readonly #dictionary: Dictionary
  readonly #width: number

  constructor(frame: EvaluationFrame, dictionary: Dictionary, type: TypeName) {
    this.#frame = frame
    this.#dictionary = dictionary
    this.#width = BYTE_WIDTH[type]
    dictionary.onRecycle(codes => {
      for (const code of codes) if (code < this.known.length) this.known[code] = 0
    })
    frame.onClose(() => this.#release())
  }

  /** Makes room for every code there is. True: the addresses have changed. */
  refresh(): boolean {
    const { codeLimit } = this.#dictionary
    if (codeLimit <= this.known.length) return false
    const capacity = Math.max(codeLimit, this.known.length * 2, LEAST_CAPACITY)
    const { arena, memory } = this.#frame
    const values = arena.allocateZeroed(capacity * this.#width)
    const bits = arena.allocateZeroed((capacity + 7) >>> 3)
    memory.u8.copyWithin(values, this.values, this.values + this.known.length * this.#width)
    memory.u8.copyWithin(bits, this.bits, this.bits + ((this.known.length + 7) >>> 3))
    const known = new Uint8Array(capacity)
    known.set(this.known)
    this.#release()
    this.known = known
    this.values = values
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
        mark(i32[(this.values >>> 2) + code]!)
  }

  #release(): void {
    const { length } = this.known
    if (length === 0) return
    this.#frame.arena.release(this.values, length * this.#width)
    this.#frame.arena.release(this.bits, (length + 7) >>> 3)
    this.known = new Uint8Array(0)
  }
}
