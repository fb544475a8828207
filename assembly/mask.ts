// Masks, one byte a row (0 or 1): sixteen rows a turn, the last rows one by one.

import { bitsOfMask, spreadBits } from './narrow'
import { hasValue } from './rows'

const AND = 0
const OR = 1

// @ts-ignore: decorator
@inline
function both(verb: i32, a: usize, b: usize, n: i32, out: usize): void {
  const end = out + n
  for (; out + 16 <= end; a += 16, b += 16, out += 16) {
    const x = v128.load(a)
    const y = v128.load(b)
    v128.store(out, verb == AND ? v128.and(x, y) : v128.or(x, y))
  }
  for (; out < end; ++a, ++b, ++out) {
    const x = load<u8>(a)
    const y = load<u8>(b)
    store<u8>(out, verb == AND ? x & y : x | y)
  }
}

export function andMask(a: usize, b: usize, n: i32, out: usize): void {
  both(AND, a, b, n, out)
}

export function orMask(a: usize, b: usize, n: i32, out: usize): void {
  both(OR, a, b, n, out)
}

export function notMask(a: usize, n: i32, out: usize): void {
  const end = out + n
  for (; out + 16 <= end; a += 16, out += 16) v128.store(out, v128.xor(v128.load(a), i8x16.splat(1)))
  for (; out < end; ++a, ++out) store<u8>(out, load<u8>(a) ^ 1)
}

export function andMaskBits(a: usize, bits: usize, n: i32, out: usize): void {
  let i = 0
  for (; i + 16 <= n; i += 16) {
    v128.store(out + i, v128.and(v128.load(a + i), spreadBits(load<u16>(bits + (i >> 3)))))
  }
  for (; i < n; ++i) store<u8>(out + i, load<u8>(a + i) & <u8>hasValue(bits, i))
}

export function orMaskNotBits(a: usize, bits: usize, n: i32, out: usize): void {
  const ones = i8x16.splat(1)
  let i = 0
  for (; i + 16 <= n; i += 16) {
    v128.store(out + i, v128.or(v128.load(a + i), v128.andnot(ones, spreadBits(load<u16>(bits + (i >> 3))))))
  }
  for (; i < n; ++i) store<u8>(out + i, load<u8>(a + i) | (<u8>hasValue(bits, i) ^ 1))
}

export function maskFromBits(bits: usize, n: i32, out: usize): void {
  const ones = i8x16.splat(1)
  let i = 0
  for (; i + 16 <= n; i += 16) v128.store(out + i, v128.and(ones, spreadBits(load<u16>(bits + (i >> 3)))))
  for (; i < n; ++i) store<u8>(out + i, <u8>hasValue(bits, i))
}

/**
 * For each of the sixteen patterns of four rows, which of them are set, first ones first: four numbers of two bits.
 * 0b0101 → rows 0 and 2 → 0 | 2 << 2 = 8. What follows the set ones doesn't matter.
 */
// @ts-ignore: decorator
@inline
function positionCodes(): v128 {
  return i8x16(0, 0, 1, 4, 2, 8, 9, 36, 3, 12, 13, 52, 14, 56, 57, -28)
}

/** Stores the positions of one group of four rows; whatever it writes beyond the set ones is overwritten or unused. */
// @ts-ignore: decorator
@inline
function storeFour(selOut: usize, positions: v128, first: v128): void {
  v128.store(selOut, i32x4.add(positions, first))
}

/**
 * Without a branch on the data: sixteen rows are four groups of four; the set rows of a group, packed to the front, come
 * out of a table of sixteen entries held in one vector. A group writes four positions and advances by as many as are set,
 * never past position i + 4, so it stays inside the n positions there is room for.
 */
export function selectMask(a: usize, n: i32, selOut: usize): i32 {
  const codes = positionCodes()
  const step = i32x4.splat(4)
  let first = i32x4.splat(0)
  let to = selOut
  let i = 0
  for (; i + 16 <= n; i += 16) {
    const bytes = v128.load(a + i)
    // Four bytes of 0 or 1 → their four bits: the product gathers them in the top byte.
    const pattern = i32x4.shr_u(i32x4.mul(bytes, i32x4.splat(0x01020408)), 24)
    // Two bits a position → one byte a position.
    const packed = i8x16.swizzle(codes, pattern)
    const spread12 = v128.or(packed, i32x4.shl(packed, 12))
    const spread6 = v128.or(spread12, i32x4.shl(spread12, 6))
    const four = v128.and(spread6, i8x16.splat(3))
    const set = bitsOfMask(bytes)
    const front = i16x8.extend_low_i8x16_u(four)
    const back = i16x8.extend_high_i8x16_u(four)
    storeFour(to, i32x4.extend_low_i16x8_u(front), first)
    first = i32x4.add(first, step)
    to += <usize>popcnt<u32>(set & 15) << 2
    storeFour(to, i32x4.extend_high_i16x8_u(front), first)
    first = i32x4.add(first, step)
    to += <usize>popcnt<u32>(set & 0xf0) << 2
    storeFour(to, i32x4.extend_low_i16x8_u(back), first)
    first = i32x4.add(first, step)
    to += <usize>popcnt<u32>(set & 0xf00) << 2
    storeFour(to, i32x4.extend_high_i16x8_u(back), first)
    first = i32x4.add(first, step)
    to += <usize>popcnt<u32>(set & 0xf000) << 2
  }
  for (; i < n; ++i) {
    store<u32>(to, i)
    to += <usize>load<u8>(a + i) << 2
  }
  return <i32>((to - selOut) >> 2)
}

export function refineSelection(a: usize, sel: usize, m: i32, selOut: usize): i32 {
  let to = selOut
  for (const end = sel + (<usize>m << 2); sel < end; sel += 4) {
    const row = load<u32>(sel)
    store<u32>(to, row)
    to += <usize>load<u8>(a + row) << 2
  }
  return <i32>((to - selOut) >> 2)
}
