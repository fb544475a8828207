import { CodeArrivals } from '../../memory/code-arrivals.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { EvaluationFrame } from './evaluation-frame.ts'

/** How an entry stands in memory. All but masks also have a bit per code, 0 where the text has no value. */
type CodeTableKind = 'mask' | 'code' | 'f64' | 'i64'

const WIDTH: Readonly<Record<CodeTableKind, number>> = { mask: 1, code: 4, f64: 8, i64: 8 }
const LEAST_CAPACITY = 256

/**
 * A function of text, computed once per distinct string: entry c belongs to code c of a dictionary, so a row costs one
 * table look-up. The entry of the null code is 0. Entries are forgotten when their code is taken back.
 */
export class CodeTable {
  readonly dictionary: Dictionary
  /** Address of entry 0. Moves when the table grows: read it after `refresh`. */
  values = 0
  /** Address of the bits, for all kinds but masks. */
  bits = 0
  readonly #frame: EvaluationFrame
  readonly #kind: CodeTableKind
  readonly #of: (text: string) => number | bigint | null
  readonly #arrivals: CodeArrivals
  #capacity = 0
  #closed = false

  constructor(
    frame: EvaluationFrame,
    dictionary: Dictionary,
    kind: CodeTableKind,
    of: (text: string) => number | bigint | null,
  ) {
    this.#frame = frame
    this.dictionary = dictionary
    this.#kind = kind
    this.#of = of
    this.#arrivals = new CodeArrivals(dictionary, {
      arrived: code => this.#enter(code),
      left: code => this.#store(code, null),
    })
    frame.onClose(() => this.#close())
    this.#grow(LEAST_CAPACITY)
  }

  /** Takes in the strings that came since last time. Amortised O(1) a distinct string. */
  refresh(): void {
    const limit = this.dictionary.codeLimit
    if (limit > this.#capacity) this.#grow(Math.max(limit, this.#capacity * 2))
    this.#arrivals.look()
  }

  /** Marks the codes a `code` table translates to: they live as long as the text they stand for. */
  readonly markTargets: CodeMarker = mark => {
    const first = this.values >>> 2
    if (this.#closed) return
    for (let code = 1; code < this.#capacity; code++) {
      const target = this.#frame.memory.i32[first + code]!
      if (target > 0) mark(target)
    }
  }

  #enter(code: number): void {
    const text = this.dictionary.decode(code)
    this.#store(code, text === null ? null : this.#of(text))
  }

  #store(code: number, value: number | bigint | null): void {
    if (this.#closed) return
    const { memory } = this.#frame
    switch (this.#kind) {
      case 'mask':
        memory.u8[this.values + code] = Number(value ?? 0)
        return
      case 'code':
        memory.i32[(this.values >>> 2) + code] = Number(value ?? 0)
        break
      case 'f64':
        memory.f64[(this.values >>> 3) + code] = Number(value ?? 0)
        break
      case 'i64':
        memory.i64[(this.values >>> 3) + code] = BigInt(value ?? 0)
        break
    }
    const at = this.bits + (code >>> 3)
    const bit = 1 << (code & 7)
    memory.u8[at] = value === null ? memory.u8[at]! & ~bit : memory.u8[at]! | bit
  }

  #grow(capacity: number): void {
    const { arena, memory } = this.#frame
    const hasBits = this.#kind !== 'mask'
    const width = WIDTH[this.#kind]
    const values = arena.allocateZeroed(capacity * width)
    memory.u8.copyWithin(values, this.values, this.values + this.#capacity * width)
    const bits = hasBits ? arena.allocateZeroed((capacity + 7) >>> 3) : 0
    if (hasBits) memory.u8.copyWithin(bits, this.bits, this.bits + ((this.#capacity + 7) >>> 3))
    this.#release()
    this.values = values
    this.bits = bits
    this.#capacity = capacity
  }

  #release(): void {
    if (this.values !== 0) this.#frame.arena.release(this.values, this.#capacity * WIDTH[this.#kind])
    if (this.bits !== 0) this.#frame.arena.release(this.bits, (this.#capacity + 7) >>> 3)
    this.values = 0
    this.bits = 0
  }

  #close(): void {
    this.#closed = true
    this.#release()
  }
}
