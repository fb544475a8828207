import type { StateWriter } from '../checkpoint/state-writer.ts'
import type { Dictionary } from '../memory/dictionary.ts'

/**
 * Which texts of one dictionary the other end of a link knows: a text goes over once, with its code, and again only after
 * its code was taken back.
 */
export class TextSender {
  readonly #dictionary: Dictionary
  /** By code: the round in which it was sent last; 0: the other end doesn't know it. */
  #known = new Uint32Array(1024)
  #round = 1
  /** Codes sent in this round. */
  #touched = 0
  #forgotten: number[] = []
  readonly #news: number[] = []

  /**
   * @param keeps Whether texts stay in the dictionary that were sent since it last looked for room, though nobody else here
   * refers to them: the other end may, and a key that comes again and again is to keep its code.
   */
  constructor(dictionary: Dictionary, keeps: boolean) {
    this.#dictionary = dictionary
    dictionary.onRecycle(codes => {
      for (const code of codes) {
        if ((this.#known[code] ?? 0) === 0) continue
        this.#known[code] = 0
        this.#forgotten.push(code)
      }
    })
    if (keeps) dictionary.addOwner(mark => this.#keep(mark))
  }

  get hasNews(): boolean {
    return this.#news.length > 0
  }

  /** A code is about to be sent. */
  note(code: number): void {
    if (this.#known[code] === this.#round) return
    this.#noteAnew(code)
  }

  /** Writes what the other end doesn't know yet. */
  write(writer: StateWriter): void {
    writer.u32(this.#forgotten.length)
    for (const code of this.#forgotten) writer.u32(code)
    writer.u32(this.#news.length)
    for (const code of this.#news) {
      writer.u32(code)
      writer.text(this.#dictionary.decode(code)!)
    }
    this.#forgotten = []
    this.#news.length = 0
  }

  #noteAnew(code: number): void {
    // Null, and what stands in the place of a null.
    if ((this.#dictionary.strings[code] ?? null) === null) return
    if (code >= this.#known.length) {
      const longer = new Uint32Array(Math.max(this.#dictionary.codeLimit, this.#known.length * 2))
      longer.set(this.#known)
      this.#known = longer
    }
    if (this.#known[code] === 0) this.#news.push(code)
    this.#known[code] = this.#round
    this.#touched++
  }

  /** A quarter of the dictionary at most: what is alive must find room. */
  #keep(mark: (code: number) => void): void {
    if (this.#touched <= this.#dictionary.maxCodes >>> 2) {
      for (let code = 1; code < this.#known.length; code++) if (this.#known[code] === this.#round) mark(code)
    }
    this.#round++
    this.#touched = 0
  }
}
