import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'

/** From here on values are kept scaled down, so that no partial sum of them overflows. */
const LARGE = 2 ** 960
const SCALE = 2 ** 128

/**
 * A sum of f64 values kept exactly, as parts of growing size that don't overlap (Shewchuk 1997): taking a value out again
 * leaves nothing behind, and the result is the exact sum, rounded once. Amortised O(1) for values of like magnitude.
 */
export class ExactSum {
  readonly #parts: number[] = []
  readonly #large: number[] = []
  #nan = 0
  #positive = 0
  #negative = 0

  add(value: number): void {
    if (value - value === 0) this.#addFinite(value)
    else this.#count(value, 1)
  }

  remove(value: number): void {
    if (value - value === 0) this.#addFinite(-value)
    else this.#count(value, -1)
  }

  /** 0 for no values, NaN and the infinities by the rules of addition. */
  value(): number {
    if (this.#nan > 0 || (this.#positive > 0 && this.#negative > 0)) return Number.NaN
    if (this.#positive > 0) return Number.POSITIVE_INFINITY
    if (this.#negative > 0) return Number.NEGATIVE_INFINITY
    const sum = rounded(this.#parts)
    return this.#large.length === 0 ? sum : rounded(this.#large) * SCALE + sum
  }

  snapshot(writer: StateWriter): void {
    for (const parts of [this.#parts, this.#large]) {
      writer.u32(parts.length)
      for (const part of parts) writer.f64(part)
    }
    for (const count of [this.#nan, this.#positive, this.#negative]) writer.f64(count)
  }

  restore(reader: StateReader): void {
    for (const parts of [this.#parts, this.#large])
      for (let left = reader.count(8); left > 0; left--) parts.push(reader.finite())
    this.#nan = reader.amount()
    this.#positive = reader.amount()
    this.#negative = reader.amount()
  }

  /** The parts of a sum of moderate finite values: their sum is the exact sum. */
  get parts(): readonly number[] {
    return this.#parts
  }

  #addFinite(value: number): void {
    if (Math.abs(value) < LARGE) grow(this.#parts, value)
    else grow(this.#large, value / SCALE)
  }

  #count(value: number, by: number): void {
    if (value > 0) this.#positive += by
    else if (value < 0) this.#negative += by
    else this.#nan += by
  }
}

/** Adds a value to parts that don't overlap, the smallest first. */
function grow(parts: number[], value: number): void {
  let sum = value
  let kept = 0
  for (let i = 0; i < parts.length; i++) {
    let part = parts[i]!
    if (Math.abs(sum) < Math.abs(part)) [sum, part] = [part, sum]
    const high = sum + part
    const low = part - (high - sum)
    if (low !== 0) parts[kept++] = low
    sum = high
  }
  parts.length = kept
  if (sum !== 0) parts.push(sum)
}

/** The sum of parts that don't overlap, rounded once, halves to even. */
function rounded(parts: readonly number[]): number {
  let i = parts.length - 1
  if (i < 0) return 0
  let high = parts[i]!
  let low = 0
  while (i > 0) {
    const sum = high
    const part = parts[--i]!
    high = sum + part
    low = part - (high - sum)
    if (low !== 0) break
  }
  // Half a unit away: the parts below decide which way to round.
  if (i > 0 && Math.sign(low) === Math.sign(parts[i - 1]!)) {
    const twice = low * 2
    const up = high + twice
    if (twice === up - high) return up
  }
  return high
}

const SPLITTER = 2 ** 27 + 1

/** Calls `add` with two numbers whose exact sum is a × b. For products that neither overflow nor underflow. */
export function exactProduct(a: number, b: number, add: (part: number) => void): void {
  const product = a * b
  const [aHigh, aLow] = split(a)
  const [bHigh, bLow] = split(b)
  add(product)
  add(aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow))
}

function split(value: number): readonly [number, number] {
  const scaled = SPLITTER * value
  const high = scaled - (scaled - value)
  return [high, value - high]
}
