const LOW_MULTIPLIER = 0xece66d
const HIGH_MULTIPLIER = 0x5de
const MASK = 0xffffff
const TO_HIGH = 2 ** -24

/**
 * `java.util.Random`: a linear congruential generator of 48 bits, here in two halves of 24, so that every product is
 * exact in a double.
 */
export class JavaRandom {
  #high = 0
  #low = 0

  /** Starts over, as `new java.util.Random(seed)` does. Seeds are integers from 0 to 2^48 - 1. */
  seed(seed: number): void {
    this.#low = (seed & MASK) ^ LOW_MULTIPLIER
    this.#high = (Math.floor(seed * TO_HIGH) & MASK) ^ HIGH_MULTIPLIER
  }

  /** `nextInt()`: all 32 bits, signed. */
  int(): number {
    this.#step()
    return (this.#high << 8) | (this.#low >>> 16)
  }

  /** `nextInt(bound)`: from 0 to below `bound`. */
  below(bound: number): number {
    // A power of two takes the upper bits.
    if ((bound & (bound - 1)) === 0) return this.#bits31() >>> Math.clz32(bound)
    for (;;) {
      const bits = this.#bits31()
      const value = bits % bound
      // Java's test for an overflow of 32 bits: the last, incomplete stretch of `bound` is drawn again.
      if (bits - value + bound - 1 < 2 ** 31) return value
    }
  }

  /** `nextDouble()`: from 0 to below 1. */
  double(): number {
    this.#step()
    const upper = (this.#high << 2) | (this.#low >>> 22)
    this.#step()
    const lower = (this.#high << 3) | (this.#low >>> 21)
    return (upper * 2 ** 27 + lower) * 2 ** -53
  }

  #bits31(): number {
    this.#step()
    return (this.#high << 7) | (this.#low >>> 17)
  }

  #step(): void {
    const low = this.#low
    const product = low * LOW_MULTIPLIER + 0xb
    const carry = (product * TO_HIGH) | 0
    this.#high = (Math.imul(this.#high, LOW_MULTIPLIER) + Math.imul(low, HIGH_MULTIPLIER) + carry) & MASK
    this.#low = (Math.imul(low, LOW_MULTIPLIER) + 0xb) & MASK
  }
}
