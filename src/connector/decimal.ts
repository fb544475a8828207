/** Powers of ten that a double holds exactly. */
const POWERS_OF_TEN = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent)

/**
 * The number written in `bytes[start, end)` when it is a plain integer or decimal of at most 15 digits, else undefined:
 * then the text decides. Exact: up to 15 digits and the power of ten are doubles without error, so their quotient is
 * the nearest double, which is what `Number(text)` gives.
 */
export function parsePlainDecimal(bytes: Uint8Array, start: number, end: number): number | undefined {
  let at = start
  const isNegative = bytes[at] === 45
  if (isNegative) at++
  let mantissa = 0
  const first = at
  let digit = 0
  while (at < end && (digit = bytes[at]! - 48) >= 0 && digit <= 9) {
    mantissa = mantissa * 10 + digit
    at++
  }
  let digits = at - first
  let fraction = 0
  if (at < end && bytes[at] === 46) {
    const point = ++at
    while (at < end && (digit = bytes[at]! - 48) >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit
      at++
    }
    fraction = at - point
    digits += fraction
  }
  if (at !== end || digits === 0 || digits > 15) return undefined
  const value = fraction === 0 ? mantissa : mantissa / POWERS_OF_TEN[fraction]!
  return isNegative ? -value : value
}
