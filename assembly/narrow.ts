// From masks of 64- and 32-bit lanes (all ones or all zeros) to one byte a row, and on to one bit a row.

/** Eight vectors of two rows → one vector of sixteen. */
// @ts-ignore: decorator
@inline
export function narrow64(
  r0: v128,
  r2: v128,
  r4: v128,
  r6: v128,
  r8: v128,
  r10: v128,
  r12: v128,
  r14: v128,
): v128 {
  // Seen as narrower lanes a mask is still all ones or all zeros, so saturation never changes it; the first two steps
  // leave every row twice, and the last one halves that.
  const low = i16x8.narrow_i32x4_s(i16x8.narrow_i32x4_s(r0, r2), i16x8.narrow_i32x4_s(r4, r6))
  const high = i16x8.narrow_i32x4_s(i16x8.narrow_i32x4_s(r8, r10), i16x8.narrow_i32x4_s(r12, r14))
  return i8x16.narrow_i16x8_s(low, high)
}

/** Four vectors of four rows → one vector of sixteen. */
// @ts-ignore: decorator
@inline
export function narrow32(r0: v128, r4: v128, r8: v128, r12: v128): v128 {
  return i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(r0, r4), i16x8.narrow_i32x4_s(r8, r12))
}

/** Sixteen rows of a mask, as its bytes are stored. */
// @ts-ignore: decorator
@inline
export function storeMask(out: usize, rows: v128): void {
  v128.store(out, v128.and(rows, i8x16.splat(1)))
}

/** Eight vectors of two rows → sixteen bits. */
// @ts-ignore: decorator
@inline
export function storeBits(
  bitsOut: usize,
  r0: v128,
  r2: v128,
  r4: v128,
  r6: v128,
  r8: v128,
  r10: v128,
  r12: v128,
  r14: v128,
): void {
  store<u16>(bitsOut, <u16>i8x16.bitmask(narrow64(r0, r2, r4, r6, r8, r10, r12, r14)))
}

/** Sixteen mask bytes (0 or 1) → sixteen bits. */
// @ts-ignore: decorator
@inline
export function bitsOfMask(bytes: v128): u32 {
  return i8x16.bitmask(i8x16.neg(bytes))
}

/** Sixteen bits → sixteen bytes, all ones or all zeros. */
// @ts-ignore: decorator
@inline
export function spreadBits(bits: u32): v128 {
  const twoBytes = i16x8.splat(<i16>bits)
  const eachInItsRows = i8x16.shuffle(twoBytes, twoBytes, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1)
  const ownBit = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128)
  return i8x16.eq(v128.and(eachInItsRows, ownBit), ownBit)
}
