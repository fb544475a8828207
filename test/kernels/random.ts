/** Reproducible random numbers for kernel tests: a test's seed comes from fast-check, the rest follows from it. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** Uniform in [0, 2^32). */
  u32(): number {
    // mulberry32
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** Uniform in [0, bound). */
  below(bound: number): number {
    return Math.floor((this.u32() / 2 ** 32) * bound)
  }

  chance(probability: number): boolean {
    return this.u32() / 2 ** 32 < probability
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!
  }

  many<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make)
  }

  /** Any f64: everyday values, whole numbers, event times, raw bit patterns, and the awkward ones. */
  f64(): number {
    switch (this.below(6)) {
      case 0:
        return this.pick(AWKWARD_F64)
      case 1:
        return this.below(21) - 10
      case 2:
        return 1_700_000_000_000 + this.below(1_000_000)
      case 3:
        return (this.u32() / 2 ** 32 - 0.5) * 10 ** this.below(20)
      case 4:
        return this.#anyF64()
      default:
        return (this.below(2001) - 1000) / 4
    }
  }

  #anyF64(): number {
    const words = new Uint32Array([this.u32(), this.u32()])
    return new Float64Array(words.buffer)[0]!
  }

  f32(): number {
    return Math.fround(this.f64())
  }

  i32(): number {
    return this.chance(0.3) ? this.pick(AWKWARD_I32) : this.chance(0.5) ? this.below(21) - 10 : this.u32() | 0
  }

  i64(): bigint {
    if (this.chance(0.3)) return this.pick(AWKWARD_I64)
    if (this.chance(0.6)) return BigInt(this.below(21) - 10)
    return BigInt.asIntN(64, (BigInt(this.u32()) << 32n) | BigInt(this.u32())) >> BigInt(this.below(64))
  }

  bits(count: number): boolean[] {
    const share = this.pick([0, 0.1, 0.5, 0.9, 1])
    return this.many(count, () => this.chance(share))
  }

  /** `count` of the rows below `rows`, ascending. */
  selection(rows: number): number[] {
    const share = this.pick([0, 0.1, 0.5, 0.9, 1])
    return Array.from({ length: rows }, (_, row) => row).filter(() => this.chance(share))
  }
}

const mirrored = (values: number[]): number[] => values.flatMap(value => [value, -value])

export const AWKWARD_F64: readonly number[] = [
  Number.NaN,
  ...mirrored([
    0,
    Number.POSITIVE_INFINITY,
    Number.MIN_VALUE,
    2.2250738585072014e-308,
    Number.MAX_VALUE,
    0.49999999999999994,
    0.5,
    0.9999999999999999,
    1,
    1.5,
    2.5,
    4503599627370495.5,
    4503599627370497,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 31 + 0.5,
    2 ** 31 + 1,
    2 ** 32 - 0.5,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53,
    2 ** 53 + 2,
    2 ** 63 - 1024,
    2 ** 63,
    2 ** 64,
  ]),
]

export const AWKWARD_I32: readonly number[] = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 255, 65_536]

export const AWKWARD_I64: readonly bigint[] = [
  0n,
  1n,
  -1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  -(2n ** 63n) + 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  -(2n ** 53n) - 1n,
  2n ** 31n - 1n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 32n,
  3037000499n,
  3037000500n,
]
