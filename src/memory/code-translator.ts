import type { KernelExports } from '../wasm/exports.ts'
import type { Arena } from './arena.ts'
import type { Dictionary } from './dictionary.ts'
import type { TextCoder } from './string-coder.ts'
import { copyPaged, part } from './typed-copy.ts'

/** Positions in a list of strings that a kernel can take. */
type CodeArray = Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array | Uint8Array

export const isCodeArray = (positions: unknown): positions is CodeArray =>
  positions instanceof Int32Array ||
  positions instanceof Uint32Array ||
  positions instanceof Int16Array ||
  positions instanceof Uint16Array ||
  positions instanceof Int8Array ||
  positions instanceof Uint8Array

/** The codes of a list of strings, as far as they were asked for: 0 where a string wasn't met yet. */
interface Translation {
  readonly list: readonly string[]
  codes: Int32Array
  epoch: number
  /** What is to be added to any position to get its code; 0: the codes don't follow the positions. */
  shift: number
}

/**
 * Translates positions in lists of strings into codes of one dictionary. Each list's translation is kept while the list
 * lives, until codes are taken back. Those of the latest list are held, so that a list that comes with every block is
 * translated once; not if it is so long that rows and state would be left less than half of the codes.
 *
 * A held list that blocks make good use of gets all its codes at once, in its order: as a rule they follow one another
 * then, and a kernel adds instead of looking up.
 */
export class CodeTranslator {
  readonly #coder: TextCoder
  readonly #maxStringLength: number
  readonly #translations = new WeakMap<readonly string[], Translation>()
  readonly #arena: Arena
  readonly #kernels: Pick<KernelExports, 'translateCodes' | 'shiftCodes'>
  readonly #mostHeld: number
  readonly #dictionary: Dictionary
  #epoch = 0
  #latest: Translation | undefined
  /** The translation that stands in linear memory, for the kernel: a copy of its codes. */
  #resident: Translation | undefined
  #table = 0
  #tableLength = 0

  constructor(
    dictionary: Dictionary,
    coder: TextCoder,
    maxStringLength: number,
    memory: { readonly arena: Arena; readonly kernels: Pick<KernelExports, 'translateCodes' | 'shiftCodes'> },
  ) {
    this.#arena = memory.arena
    this.#kernels = memory.kernels
    this.#coder = coder
    this.#dictionary = dictionary
    this.#maxStringLength = maxStringLength
    this.#mostHeld = dictionary.maxCodes >>> 1
    dictionary.addOwner(mark => {
      for (const code of this.#held()?.codes ?? []) if (code !== 0) mark(code)
    })
    // Codes that went back may now mean other strings: translations that aren't held start again.
    dictionary.onRecycle(() => {
      this.#epoch++
      const held = this.#held()
      if (held !== undefined) held.epoch = this.#epoch
    })
  }

  /** The translation of a list, for the calls below until control leaves the writer. */
  of(list: readonly string[]): Translation {
    let translation = this.#translations.get(list)
    if (translation === undefined) {
      translation = { list, codes: new Int32Array(list.length), epoch: this.#epoch, shift: 0 }
      this.#translations.set(list, translation)
    }
    if (translation.codes.length < list.length) {
      const longer = new Int32Array(list.length)
      longer.set(translation.codes)
      translation.codes = longer
      translation.shift = 0
      if (this.#resident === translation) this.#resident = undefined
    }
    this.#renew(translation)
    this.#latest = translation
    return translation
  }

  /**
   * Writes the codes of `count` positions from `positions[from]` on to the u32 at `out`, … Stops at the first position
   * without a string (or with one that is too long, or that throws when it is read) and returns how many were written.
   */
  translate(translation: Translation, positions: CodeArray, from: number, count: number, out: number): number {
    const { memory } = this.#arena
    const given = part(positions, from, count)
    if (given === undefined) return 0
    copyPaged(memory.i32, given, count, out >>> 2)
    let done = 0
    if (this.#isFresh(translation, count)) this.#encodeAll(translation)
    if (translation.shift !== 0) {
      done = this.#kernels.shiftCodes(out, count, translation.codes.length, translation.shift)
    }
    while (done < count) {
      // Again after each new string: it may have made the dictionary take codes back.
      this.#reside(translation)
      done += this.#kernels.translateCodes(out + done * 4, count - done, this.#table, translation.codes.length)
      if (done === count) break
      const code = this.#codeOrNone(translation, positions[from + done]!)
      if (code === 0) return done
      memory.i32[(out >>> 2) + done++] = code
    }
    return count
  }

  /** The code of one position, which may be anything; 0 when there is no such string. */
  codeAt(translation: Translation, position: unknown): number {
    const { list, codes } = translation
    if (typeof position !== 'number' || !Number.isInteger(position) || position < 0 || position >= list.length) return 0
    const known = codes[position]!
    if (known !== 0) return known
    const text: unknown = list[position]
    if (typeof text !== 'string' || text.length > this.#maxStringLength) return 0
    const code = this.#coder.code(text)
    this.#renew(translation)
    codes[position] = code
    if (translation === this.#resident) this.#arena.memory.i32[(this.#table >>> 2) + position] = code
    return code
  }

  /** Whether none of the list was met before, though a block has as many rows, and there are codes for all of it. */
  #isFresh({ codes, shift }: Translation, rows: number): boolean {
    const { length } = codes
    const { size, maxCodes } = this.#dictionary
    if (shift !== 0 || length === 0 || length > rows || length > this.#mostHeld || size + length > maxCodes)
      return false
    return codes[0] === 0 && codes.every(code => code === 0)
  }

  #encodeAll(translation: Translation): void {
    const { codes } = translation
    for (let position = 0; position < codes.length; position++) this.#codeOrNone(translation, position)
    const first = codes[0]!
    if (first !== 0 && codes.every((code, position) => code === first + position)) translation.shift = first
  }

  /** Copies a translation into linear memory, unless it is the one that stands there. */
  #reside(translation: Translation): void {
    const { length } = translation.codes
    if (this.#resident === translation && this.#tableLength >= length) return
    if (this.#tableLength < length) {
      if (this.#table !== 0) this.#arena.release(this.#table, this.#tableLength * 4)
      this.#table = this.#arena.allocate(length * 4)
      this.#tableLength = length
    }
    this.#arena.memory.i32.set(translation.codes, this.#table >>> 2)
    this.#resident = translation
  }

  /** What throws is met again by the caller, who then knows the row. */
  #codeOrNone(translation: Translation, position: number): number {
    try {
      return this.codeAt(translation, position)
    } catch {
      return 0
    }
  }

  #held(): Translation | undefined {
    return this.#latest !== undefined && this.#latest.codes.length <= this.#mostHeld ? this.#latest : undefined
  }

  #renew(translation: Translation): void {
    if (translation.epoch === this.#epoch) return
    translation.codes.fill(0)
    translation.shift = 0
    translation.epoch = this.#epoch
    if (this.#resident === translation) this.#resident = undefined
  }
}
