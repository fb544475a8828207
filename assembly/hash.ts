// How keys and values are spread over the slots of tables.

/**
 * A bijection of 32 bits that spreads both ends of a word over the low bits. Because it is one, two one-word keys are
 * equal exactly when their hashes are: finding one never has to look at the key itself.
 */
// @ts-ignore: decorator
@inline
export function mix(word: u32): u32 {
  const spread = (word ^ (word >> 16)) * 0x9e3779b1 + 0x7f4a7c15
  return spread ^ (spread >> 15)
}

/** The hash of a key of several words. */
// @ts-ignore: decorator
@inline
export function hashWords(key: usize, words: usize): u32 {
  let hash: u32 = 0
  for (const end = key + (words << 2); key < end; key += 4) hash = mix(hash ^ load<u32>(key))
  return hash
}

/** Spreads 64 bits over the slots of a table. */
// @ts-ignore: decorator
@inline
export function hash64(value: u64): u32 {
  return mix(mix(<u32>(value >> 32)) ^ <u32>value)
}

/** A number as the bits by which equal values are equal: one zero, one NaN. */
// @ts-ignore: decorator
@inline
export function comparableBits(value: f64): u64 {
  return value == value ? reinterpret<u64>(value + 0.0) : 0x7ff8000000000000
}

/** The value of a row of a column of T, as the 64 bits it is told apart by. */
// @ts-ignore: decorator
@inline
export function bitsOf<T>(a: usize, row: usize): u64 {
  const value = load<T>(a + row * sizeof<T>())
  if (isFloat<T>()) return comparableBits(<f64>value)
  return <u64>value
}
