import type { Dictionary } from './dictionary.ts'
import type { RowFault } from './row-fault.ts'

/** Encodes the strings of one column; runs of one string cost a comparison each. */
export class StringCoder {
  readonly #dictionary: Dictionary
  readonly #fault: RowFault
  #last: string | undefined
  #lastCode = 0

  constructor(dictionary: Dictionary, fault: RowFault) {
    this.#dictionary = dictionary
    this.#fault = fault
    dictionary.onRecycle(() => {
      this.#last = undefined
    })
  }

  /** The code of a string. @throws EventfluxError `STATE_FULL`, noted in the fault as fatal. */
  code(value: string): number {
    if (value === this.#last) return this.#lastCode
    try {
      this.#lastCode = this.#dictionary.encode(value)
    } catch (error) {
      this.#fault.fatal(error)
      throw error
    }
    this.#last = value
    return this.#lastCode
  }
}
