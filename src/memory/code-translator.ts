import type { Dictionary } from './dictionary.ts'
import type { StringCoder } from './string-coder.ts'

/** The codes of a list of strings, as far as they were asked for: 0 where a string wasn't met yet. */
export interface Translation {
  readonly list: readonly string[]
  codes: Int32Array
  epoch: number
}

/**
 * Translates positions in lists of strings into codes of one dictionary. Each list's translation is kept while the list
 * lives.
 */
export class CodeTranslator {
  readonly #coder: StringCoder
  readonly #maxStringLength: number
  readonly #translations = new WeakMap<readonly string[], Translation>()
  #epoch = 0

  constructor(dictionary: Dictionary, coder: StringCoder, maxStringLength: number) {
    this.#coder = coder
    this.#maxStringLength = maxStringLength
    // Codes that went back may now mean other strings: all translations start again.
    dictionary.onRecycle(() => {
      this.#epoch++
    })
  }

  /** The translation of a list, for the calls below until control leaves the writer. */
  of(list: readonly string[]): Translation {
    let translation = this.#translations.get(list)
    if (translation === undefined) {
      translation = { list, codes: new Int32Array(list.length), epoch: this.#epoch }
      this.#translations.set(list, translation)
    }
    if (translation.codes.length < list.length) {
      const longer = new Int32Array(list.length)
      longer.set(translation.codes)
      translation.codes = longer
    }
    this.#renew(translation)
    return translation
  }

  /**
   * Writes the codes of `count` positions from `positions[from]` on to `out[at]`, … Stops at the first position without a
   * string (or with one that is too long, or that throws when it is read) and returns how many were written.
   */
  translate(
    translation: Translation,
    positions: ArrayLike<number>,
    from: number,
    count: number,
    out: Int32Array,
    at: number,
  ): number {
    const { codes } = translation
    for (let i = 0; i < count; i++) {
      const position = positions[from + i]!
      const known = codes[position]
      if (known !== undefined && known !== 0) out[at + i] = known
      else {
        const code = this.#codeOrNone(translation, position)
        if (code === 0) return i
        out[at + i] = code
      }
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
    return code
  }

  /** What throws is met again by the caller, who then knows the row. */
  #codeOrNone(translation: Translation, position: number): number {
    try {
      return this.codeAt(translation, position)
    } catch {
      return 0
    }
  }

  #renew(translation: Translation): void {
    if (translation.epoch === this.#epoch) return
    translation.codes.fill(0)
    translation.epoch = this.#epoch
  }
}
