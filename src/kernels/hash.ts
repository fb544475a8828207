/** A bijection of 32 bits: one-word keys are equal exactly when their hashes are. */
export function mix(word: number): number {
  const spread = (Math.imul(word ^ (word >>> 16), 0x9e3779b1) + 0x7f4a7c15) | 0
  return (spread ^ (spread >>> 15)) >>> 0
}

/** The hash of a key of several words, the first at an index. */
export function hashWords(u32: Uint32Array, key: number, words: number): number {
  let hash = 0
  for (let i = 0; i < words; i++) hash = mix(hash ^ u32[key + i]!)
  return hash
}

/** Spreads 64 bits, given as two words, over the slots of a table. */
export function hash64(low: number, high: number): number {
  return mix((mix(high) ^ low) >>> 0)
}

/** The high word of every NaN where values are told apart by their bits; the low one is 0. */
export const NAN_HIGH = 0x7ff80000
