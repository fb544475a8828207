import type { Dictionary } from './dictionary.ts'

/** What is told of the codes of a dictionary. */
interface CodeListener {
  /** A code stands for a text now. Told at least once, when it is looked, or before it is taken back. */
  arrived(code: number): void
  /** A code that had arrived doesn't any more. */
  left(code: number): void
}

/** Tells which codes a dictionary has handed out since one last looked. Amortised O(1) a distinct string, nothing a row. */
export class CodeArrivals {
  readonly #dictionary: Dictionary
  readonly #listener: CodeListener
  /** Codes below this have been handed out at some time. */
  #known = 0
  /** Codes that were free when last looked at, the one to be handed out next at the end. */
  readonly #free: number[] = []

  constructor(dictionary: Dictionary, listener: CodeListener) {
    this.#dictionary = dictionary
    this.#listener = listener
    this.#remember(dictionary.freeCodes)
    dictionary.onRecycle(codes => this.#takeBack(codes))
  }

  look(): void {
    const { codeLimit, freeCount } = this.#dictionary
    while (this.#known < codeLimit) this.#listener.arrived(this.#known++)
    while (this.#free.length > freeCount) this.#listener.arrived(this.#free.pop()!)
  }

  #takeBack(codes: Uint32Array): void {
    // A sweep happens when no code is free, so all that were free have been handed out since.
    for (const code of this.#free) if (code < this.#known) this.#listener.arrived(code)
    for (const code of codes) if (code < this.#known) this.#listener.left(code)
    this.#remember(codes)
  }

  #remember(codes: Uint32Array): void {
    this.#free.length = 0
    for (const code of codes) this.#free.push(code)
  }
}
