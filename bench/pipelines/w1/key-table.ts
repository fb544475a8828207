/** i32 keys → positions 0, 1, 2 … in order of first sight: open addressing over typed arrays, never more than half full. */
export class KeyTable {
  /** The key of each position. */
  readonly keys: Int32Array
  readonly #slots: Int32Array
  readonly #slotKeys: Int32Array
  readonly #mask: number
  readonly #shift: number
  #count = 0

  /** @param capacity Most keys it is asked about. */
  constructor(capacity: number) {
    const bits = Math.ceil(Math.log2(capacity * 4))
    this.keys = new Int32Array(capacity)
    this.#slots = new Int32Array(1 << bits)
    this.#slotKeys = new Int32Array(1 << bits)
    this.#mask = (1 << bits) - 1
    this.#shift = 32 - bits
  }

  idOf(key: number): number {
    const slots = this.#slots
    const slotKeys = this.#slotKeys
    let slot = Math.imul(key, -1_640_531_527) >>> this.#shift
    for (;;) {
      const id = slots[slot]!
      if (slotKeys[slot] === key && id !== 0) return id - 1
      if (id === 0) break
      slot = (slot + 1) & this.#mask
    }
    slotKeys[slot] = key
    this.keys[this.#count] = key
    slots[slot] = ++this.#count
    return this.#count - 1
  }
}
