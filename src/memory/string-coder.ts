import type { Dictionary } from './dictionary.ts'
import type { RowFault } from './row-fault.ts'

const SLOTS = 8192

/** Gives the texts of one column their codes. */
export interface TextCoder {
  /** The code of a string. @throws EventfluxError `STATE_FULL`, noted in the fault as fatal. */
  code(value: string): number
  /** Where it looks first, if it does, so that whoever writes rows can look there itself. */
  readonly met?: MetTexts
}

/** Strings met before, each at its slot, and the code of each. */
interface MetTexts {
  readonly texts: readonly (string | undefined)[]
  readonly codes: Int32Array
}

/**
 * Encodes the strings of one column. Strings met before stand in a table of their own, at a slot told by a few of their
 * characters: a comparison finds them there, and the dictionary's map is asked for the others. It takes a third of the
 * time of the map where keys come again and again.
 */
export class StringCoder implements TextCoder {
  readonly #dictionary: Dictionary
  readonly #fault: RowFault
  readonly #texts = Array<string | undefined>(SLOTS).fill(undefined)
  readonly #codes = new Int32Array(SLOTS)

  constructor(dictionary: Dictionary, fault: RowFault) {
    this.#dictionary = dictionary
    this.#fault = fault
    dictionary.onRecycle(() => {
      this.#texts.fill(undefined)
    })
  }

  get met(): MetTexts {
    return { texts: this.#texts, codes: this.#codes }
  }

  code(value: string): number {
    const slot = slotOf(value)
    return this.#texts[slot] === value ? this.#codes[slot]! : this.#lookUp(value, slot)
  }

  #lookUp(value: string, slot: number): number {
    let code: number
    try {
      code = this.#dictionary.encode(value)
    } catch (error) {
      this.#fault.fatal(error)
      throw error
    }
    this.#texts[slot] = value
    this.#codes[slot] = code
    return code
  }
}

/**
 * The slot of a string. The end of a key tells more than its beginning: sensors are numbered, but they are all sensors.
 * Factors are so far apart that letters and digits of one place don't make up for those of another.
 */
export function slotOf(text: string): number {
  const last = text.length - 1
  if (last < 2) return last < 0 ? 0 : (text.charCodeAt(0) * 31 + text.charCodeAt(last)) & (SLOTS - 1)
  const end = text.charCodeAt(last) + text.charCodeAt(last - 1) * 101 + text.charCodeAt(last - 2) * 1021
  return (end + text.charCodeAt(0) * 3079 + last * 769) & (SLOTS - 1)
}
