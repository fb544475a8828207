const LEAST_SLOTS_LOG2 = 4
/** Neighbours among slots that are filled together: what they take fits a cache. */
const PARTS = 256

/**
 * The codes of a list of strings that is there all at once. It is made in a fraction of the time a `Map` of them takes:
 * hashes and codes stand in one typed array, and a string is looked at only where a hash is met a second time.
 *
 * Nothing is ever taken out. An entry says where a string was, and counts only while the string still stands there; so
 * the list may change behind its back, as long as no string is in it twice.
 */
export class TextIndex {
  readonly #strings: readonly (string | null)[]
  /** A hash and a code for each slot; the code 0: none. At most half of them are taken. */
  readonly #slots: Uint32Array
  readonly #mask: number
  /** A string's own slot is told by the high bits of its hash. */
  readonly #shift: number
  /** Drawn for each, so that nobody can prepare strings that meet in one slot. */
  readonly #seed = (Math.random() * 2 ** 32) | 0

  private constructor(strings: readonly (string | null)[]) {
    this.#strings = strings
    const log2 = Math.max(LEAST_SLOTS_LOG2, 33 - Math.clz32(strings.length))
    this.#slots = new Uint32Array(2 ** (log2 + 1))
    this.#mask = 2 ** log2 - 1
    this.#shift = 32 - log2
  }

  /** Of the strings by their codes, from 1 on, null where a code is free; undefined: one stands there twice. */
  static of(strings: readonly (string | null)[]): TextIndex | undefined {
    const index = new TextIndex(strings)
    return index.#enterAll() ? index : undefined
  }

  /** The code at which a string stands in the list now, if it stood there at the beginning; 0: it doesn't. */
  find(text: string): number {
    return this.#slots[this.#slotOf(text, hashOf(text, this.#seed)) * 2 + 1]!
  }

  #enterAll(): boolean {
    const strings = this.#strings
    const slots = this.#slots
    const hashes = new Uint32Array(strings.length)
    for (let code = 1; code < strings.length; code++) hashes[code] = hashOf(strings[code] ?? '', this.#seed)
    for (const code of byHighBits(hashes)) {
      const text = strings[code]!
      if (text === null) continue
      const at = this.#slotOf(text, hashes[code]!) * 2
      if (slots[at + 1] !== 0) return false
      slots[at] = hashes[code]!
      slots[at + 1] = code
    }
    return true
  }

  /** The slot a string has, or the free one it would get. */
  #slotOf(text: string, hash: number): number {
    const slots = this.#slots
    const mask = this.#mask
    let slot = hash >>> this.#shift
    for (;;) {
      const code = slots[slot * 2 + 1]!
      if (code === 0 || (slots[slot * 2] === hash && this.#strings[code] === text)) return slot
      slot = (slot + 1) & mask
    }
  }
}

/** The positions of hashes, but the first, those with the same high bits side by side. */
function byHighBits(hashes: Uint32Array): Uint32Array {
  const ends = new Uint32Array(PARTS)
  for (let i = 1; i < hashes.length; i++) ends[hashes[i]! >>> 24]!++
  for (let part = 1; part < PARTS; part++) ends[part]! += ends[part - 1]!
  const positions = new Uint32Array(hashes.length - 1)
  for (let i = hashes.length - 1; i > 0; i--) positions[--ends[hashes[i]! >>> 24]!] = i
  return positions
}

function hashOf(text: string, seed: number): number {
  let hash = seed ^ text.length
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash >>> 0
}
