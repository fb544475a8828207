import { stateFull } from '../errors.ts'
import { TextIndex } from './text-index.ts'

/** Marks the codes that are still referred to, before a sweep. */
export type CodeMarker = (mark: (code: number) => void) => void

/**
 * Strings ↔ codes of one column. Code 0 is the null of the column; codes are small, dense and recycled: when no code is
 * left the dictionary asks its owners which codes they still refer to (rows in rings, live window state, batches on
 * their way out), hands out the others again, and grows only when more than half are alive.
 *
 * A sweep costs a step per code and per mark. It is paid by the new strings since the last one: at least half of the codes
 * are free after a sweep, or an eighth near `maxCodes`, and the table keeps at least one code for every four marks.
 */
export class Dictionary {
  /** Whether equal strings have one code. */
  readonly isDistinct: boolean
  /** Empty unless it is distinct. */
  readonly #codes = new Map<string, number>()
  /** Finds the strings that were taken over, and are in the map only when they have been looked for. */
  #takenOver: TextIndex | undefined
  /** How many strings there are that only the index knows. */
  #takenOverCount = 0
  #strings: (string | null)[] = [null]
  /** A stack: an array of numbers that shrinks and grows is allocated again and again. */
  #free = new Uint32Array(0)
  #freeCount = 0
  readonly #owners: CodeMarker[] = []
  readonly #recycled: ((codes: Uint32Array) => void)[] = []
  /** Most strings that may be alive at once. */
  readonly maxCodes: number
  /** Most codes there are: some more than may be alive, so that the dead aren't swept one by one. */
  readonly #ceiling: number
  #budget: number

  /**
   * @param options.isDistinct Default true. Without it a string gets a code whenever it is encoded, and is never looked up:
   *   for columns whose texts are only passed on. Their rows bound how many there are.
   */
  constructor(options: { maxCodes: number; initialCodes?: number; isDistinct?: boolean }) {
    this.maxCodes = options.maxCodes
    this.isDistinct = options.isDistinct ?? true
    // Below 1,024 codes a sweep is cheap enough to keep the limit to the code.
    this.#ceiling = options.maxCodes < 1024 ? options.maxCodes : options.maxCodes + (options.maxCodes >>> 3)
    this.#budget = Math.min(options.initialCodes ?? 1024, this.#ceiling)
  }

  /** One more than the largest code ever handed out: what tables indexed by code must hold. */
  get codeLimit(): number {
    return this.#strings.length
  }

  /** Codes in use, the null code not counted. */
  get size(): number {
    return this.#strings.length - 1 - this.#freeCount
  }

  /** How many codes wait to be handed out again. None whenever a sweep begins. */
  get freeCount(): number {
    return this.#freeCount
  }

  /** The codes that wait, the next one at the end: a view, until one is handed out. */
  get freeCodes(): Uint32Array {
    return this.#free.subarray(0, this.#freeCount)
  }

  /** The strings by their codes; null at the null code and where a code is free. */
  get strings(): readonly (string | null)[] {
    return this.#strings
  }

  /** Registers someone who holds codes. */
  addOwner(owner: CodeMarker): void {
    this.#owners.push(owner)
  }

  /**
   * Called with the codes a sweep took back, before any of them is handed out again: tables by code must forget them. They are a
   * view, until the call returns.
   */
  onRecycle(listener: (codes: Uint32Array) => void): void {
    this.#recycled.push(listener)
  }

  /** The code of a string, a new one if need be. O(1), a sweep amortised. @throws EventfluxError `STATE_FULL` */
  encode(value: string): number {
    return this.isDistinct ? (this.#codes.get(value) ?? (this.#claim(value) || this.#add(value))) : this.#add(value)
  }

  /** The code of a string, or -1 when no row holds it. Of a distinct one only. */
  find(value: string): number {
    return this.#codes.get(value) ?? (this.#claim(value) || -1)
  }

  /** The string of a code; null for code 0. */
  decode(code: number): string | null {
    return this.#strings[code]!
  }

  /**
   * Takes over the strings of another dictionary at the codes they have there, as `strings` gives them. false, and nothing
   * is changed: they are too many, one stands there twice, or one that is here already has another code there.
   */
  refill(strings: readonly (string | null)[]): boolean {
    if (strings.length > this.#ceiling + 1) return false
    for (const [text, code] of this.#codes) if (strings[code] !== text) return false
    const own = strings.slice()
    const index = TextIndex.of(own)
    if (index === undefined) return false
    this.#strings = own
    this.#takenOver = index
    this.#beginFree()
    for (let code = strings.length - 1; code > 0; code--)
      if (strings[code] === null) this.#free[this.#freeCount++] = code
    this.#takenOverCount = this.size - this.#codes.size
    while (this.#budget < strings.length - 1) this.#budget = Math.min(this.#budget * 2, this.#ceiling)
    for (const listener of this.#recycled) listener(this.freeCodes)
    return true
  }

  /** The code of a string that was taken over and not looked for yet, from now on in the map; 0: there is none. */
  #claim(value: string): number {
    if (this.#takenOver === undefined) return 0
    const code = this.#takenOver.find(value)
    if (code !== 0) {
      this.#codes.set(value, code)
      this.#takenOverCount--
    }
    if (this.#takenOverCount === 0) this.#takenOver = undefined
    return code
  }

  #add(value: string): number {
    if (this.#freeCount === 0 && this.#strings.length > this.#budget) this.#makeRoom()
    let code: number
    if (this.#freeCount === 0) code = this.#strings.push(value) - 1
    else {
      code = this.#free[--this.#freeCount]!
      this.#strings[code] = value
    }
    if (this.isDistinct) this.#codes.set(value, code)
    return code
  }

  #makeRoom(): void {
    const alive = new Uint8Array(this.#strings.length)
    let marks = 0
    const mark = (code: number): void => {
      alive[code] = 1
      marks++
    }
    for (const owner of this.#owners) owner(mark)
    this.#takeBack(alive)
    if (this.#freeCount > 0) for (const listener of this.#recycled) listener(this.freeCodes)
    const living = this.size
    if (living >= this.maxCodes) {
      throw stateFull(
        `a utf8 column holds ${living} distinct strings that rows or windows still refer to, and maxKeys is ${this.maxCodes}: raise maxKeys, or bound the state`,
        { value: living },
      )
    }
    while (this.#budget < this.#ceiling && (living * 2 > this.#budget || marks > this.#budget * 4)) {
      this.#budget = Math.min(this.#budget * 2, this.#ceiling)
    }
  }

  #takeBack(alive: Uint8Array): void {
    const strings = this.#strings
    this.#beginFree()
    for (let code = strings.length - 1; code > 0; code--) {
      const text = strings[code]!
      if (text === null || alive[code] === 1) continue
      if (this.isDistinct && !this.#codes.delete(text)) this.#takenOverCount--
      strings[code] = null
      this.#free[this.#freeCount++] = code
    }
  }

  /** Makes room for all codes among the free ones, of which there are none. */
  #beginFree(): void {
    this.#freeCount = 0
    if (this.#free.length < this.#strings.length) this.#free = new Uint32Array(this.#strings.length * 2)
  }
}
