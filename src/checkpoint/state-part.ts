import type { Dictionary } from '../memory/dictionary.ts'

/** Whoever reads a state: it says that bytes are none. */
interface Refusing {
  refuse(message: string): never
}

/** The strings of a dictionary as a part of a state has them, and the codes they have got here; 0: none yet. */
interface PartTexts {
  readonly strings: readonly (string | null)[]
  readonly codes: Uint32Array
}

/**
 * A state that was kept by several, or is to be: of each part those who are restored take the keys that are their own, under
 * ids and codes of their own. They are restored once per part, one after the other, in the same order.
 */
export class StatePart {
  readonly #texts = new Map<Dictionary, PartTexts>()
  readonly #done: (() => void)[] = []

  /** A part has these strings of a dictionary. They get codes here when somebody asks for them. */
  setStrings(dictionary: Dictionary, strings: readonly (string | null)[]): void {
    const texts: PartTexts = { strings, codes: new Uint32Array(strings.length) }
    // What is taken over is referred to by nobody else until all is restored.
    if (!this.#texts.has(dictionary))
      dictionary.addOwner(mark => {
        for (const code of this.#texts.get(dictionary)?.codes ?? []) if (code !== 0) mark(code)
      })
    this.#texts.set(dictionary, texts)
  }

  /** The text of a code of the part; null for the code 0. @throws EventfluxError `CHECKPOINT_INVALID` */
  textOf(reader: Refusing, dictionary: Dictionary, code: number): string | null {
    const text = this.#texts.get(dictionary)?.strings[code]
    if (text === undefined || (text === null && code !== 0))
      reader.refuse(`a text has the code ${code}, which no string has`)
    return text
  }

  /** The code here of a code of the part. @throws EventfluxError `CHECKPOINT_INVALID`, `STATE_FULL` */
  codeOf(reader: Refusing, dictionary: Dictionary, code: number): number {
    const text = this.textOf(reader, dictionary, code)
    if (text === null) return 0
    const { codes } = this.#texts.get(dictionary)!
    if (codes[code] === 0) codes[code] = dictionary.encode(text)
    return codes[code]!
  }

  /** Codes a part has of a dictionary are below it. */
  codeLimit(dictionary: Dictionary): number {
    return this.#texts.get(dictionary)?.strings.length ?? 1
  }

  /** Has something done when all of the part is restored. */
  whenDone(act: () => void): void {
    this.#done.push(act)
  }

  /** All of the part is restored. */
  done(): void {
    this.#texts.clear()
    for (const act of this.#done.splice(0)) act()
  }
}
