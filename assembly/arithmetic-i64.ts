// Arithmetic over i64. The checked verbs stop before the first row that overflows and has a value; a null row holds the
// wrapped result.

import { storeBits } from './narrow'
import { hasValue } from './rows'

const ADD = 0
const SUB = 1
const MUL = 2
const DIV = 3

// @ts-ignore: decorator
@inline
function result(verb: i32, x: i64, y: i64): i64 {
  if (verb == ADD) return x + y
  if (verb == SUB) return x - y
  if (verb == MUL) return x * y
  if (y == 0) return 0
  // The machine traps on MIN / -1.
  return y == -1 ? 0 - x : x / y
}

/** Whether the wrapped product r is not the product. */
// @ts-ignore: decorator
@inline
function productOverflows(x: i64, y: i64, r: i64): bool {
  // Both in 32 bits, as nearly always: no.
  if (<i64>(<i32>x) == x && <i64>(<i32>y) == y) return false
  if (x == 0 || y == 0) return false
  if (x == -1) return y == i64.MIN_VALUE
  return r / x != y
}

// @ts-ignore: decorator
@inline
function overflows(verb: i32, x: i64, y: i64, r: i64): bool {
  if (verb == ADD) return ((x ^ r) & (y ^ r)) < 0
  if (verb == SUB) return ((x ^ y) & (x ^ r)) < 0
  if (verb == MUL) return productOverflows(x, y, r)
  return y == -1 && x == i64.MIN_VALUE
}

/** Rows [from, to) one by one. */
// @ts-ignore: decorator
@inline
function checkedRows(verb: i32, a: usize, b: usize, from: i32, to: i32, validity: usize, out: usize): i32 {
  for (let i = from; i < to; ++i) {
    const at = <usize>i << 3
    const x = load<i64>(a + at)
    const y = load<i64>(b + at)
    const r = result(verb, x, y)
    if (overflows(verb, x, y, r) && (validity == 0 || hasValue(validity, i))) return i
    store<i64>(out + at, r)
  }
  return -1
}

/** Two rows a turn while none of them overflows. */
// @ts-ignore: decorator
@inline
function checkedPairs(verb: i32, a: usize, b: usize, n: i32, validity: usize, out: usize): i32 {
  let i = 0
  for (; i + 2 <= n; i += 2) {
    const at = <usize>i << 3
    const x = v128.load(a + at)
    const y = v128.load(b + at)
    const r = verb == ADD ? i64x2.add(x, y) : i64x2.sub(x, y)
    const outside = verb == ADD ? v128.and(v128.xor(x, r), v128.xor(y, r)) : v128.and(v128.xor(x, y), v128.xor(x, r))
    if (i64x2.bitmask(outside)) {
      const row = checkedRows(verb, a, b, i, i + 2, validity, out)
      if (row >= 0) return row
    } else {
      v128.store(out + at, r)
    }
  }
  return checkedRows(verb, a, b, i, n, validity, out)
}

export function addI64ColCol(a: usize, b: usize, n: i32, validity: usize, out: usize): i32 {
  return checkedPairs(ADD, a, b, n, validity, out)
}

export function subI64ColCol(a: usize, b: usize, n: i32, validity: usize, out: usize): i32 {
  return checkedPairs(SUB, a, b, n, validity, out)
}

export function mulI64ColCol(a: usize, b: usize, n: i32, validity: usize, out: usize): i32 {
  return checkedRows(MUL, a, b, 0, n, validity, out)
}

export function divI64ColCol(a: usize, b: usize, n: i32, validity: usize, out: usize): i32 {
  return checkedRows(DIV, a, b, 0, n, validity, out)
}

export function modI64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  for (const end = out + (<usize>n << 3); out < end; a += 8, b += 8, out += 8) {
    const y = load<i64>(b)
    // x % -1 is 0 as well, and some machines fault on MIN / -1.
    store<i64>(out, y == 0 || y == -1 ? 0 : load<i64>(a) % y)
  }
}

// @ts-ignore: decorator
@inline
function extreme(least: bool, a: usize, b: usize, n: i32, out: usize): void {
  const end = out + (<usize>n << 3)
  for (; out + 16 <= end; a += 16, b += 16, out += 16) {
    const x = v128.load(a)
    const y = v128.load(b)
    const xFirst = i64x2.lt_s(x, y)
    v128.store(out, least ? v128.bitselect(x, y, xFirst) : v128.bitselect(y, x, xFirst))
  }
  if (out < end) {
    const x = load<i64>(a)
    const y = load<i64>(b)
    store<i64>(out, least ? min<i64>(x, y) : max<i64>(x, y))
  }
}

export function minI64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  extreme(true, a, b, n, out)
}

export function maxI64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  extreme(false, a, b, n, out)
}

// @ts-ignore: decorator
@inline
function nonZeroPair(b: usize): v128 {
  return i64x2.ne(v128.load(b), i64x2.splat(0))
}

export function nonZeroI64(b: usize, n: i32, bitsOut: usize): void {
  const end = b + (<usize>n << 3)
  for (; b + 128 <= end; b += 128, bitsOut += 2) {
    storeBits(
      bitsOut,
      nonZeroPair(b),
      nonZeroPair(b + 16),
      nonZeroPair(b + 32),
      nonZeroPair(b + 48),
      nonZeroPair(b + 64),
      nonZeroPair(b + 80),
      nonZeroPair(b + 96),
      nonZeroPair(b + 112),
    )
  }
  for (; b < end; ++bitsOut) {
    let byte: u32 = 0
    for (let bit: u32 = 0; bit < 8 && b < end; ++bit, b += 8) byte |= u32(load<i64>(b) != 0) << bit
    store<u8>(bitsOut, <u8>byte)
  }
}
