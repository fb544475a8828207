// Comparisons into masks: sixteen rows a turn, narrowed to bytes; the last rows one by one. IEEE rules: a NaN is unequal to
// everything, itself included, and in no order.

import { narrow32, narrow64, storeMask } from './narrow'

const EQ = 0
const NE = 1
const LT = 2
const LE = 3
const GT = 4
const GE = 5

// @ts-ignore: decorator
@inline
function pairF64(verb: i32, x: v128, y: v128): v128 {
  if (verb == EQ) return f64x2.eq(x, y)
  if (verb == NE) return f64x2.ne(x, y)
  if (verb == LT) return f64x2.lt(x, y)
  if (verb == LE) return f64x2.le(x, y)
  if (verb == GT) return f64x2.gt(x, y)
  return f64x2.ge(x, y)
}

// @ts-ignore: decorator
@inline
function one<T>(verb: i32, x: T, y: T): bool {
  if (verb == EQ) return x == y
  if (verb == NE) return x != y
  if (verb == LT) return x < y
  if (verb == LE) return x <= y
  if (verb == GT) return x > y
  return x >= y
}

// @ts-ignore: decorator
@inline
function pairI64(verb: i32, x: v128, y: v128): v128 {
  if (verb == EQ) return i64x2.eq(x, y)
  if (verb == NE) return i64x2.ne(x, y)
  if (verb == LT) return i64x2.lt_s(x, y)
  return i64x2.le_s(x, y)
}

// @ts-ignore: decorator
@inline
function pair<T>(verb: i32, x: v128, y: v128): v128 {
  return isFloat<T>() ? pairF64(verb, x, y) : pairI64(verb, x, y)
}

// @ts-ignore: decorator
@inline
function colCol<T>(verb: i32, a: usize, b: usize, n: i32, out: usize): void {
  const end = out + n
  for (; out + 16 <= end; a += 128, b += 128, out += 16) {
    const rows = narrow64(
      pair<T>(verb, v128.load(a), v128.load(b)),
      pair<T>(verb, v128.load(a, 16), v128.load(b, 16)),
      pair<T>(verb, v128.load(a, 32), v128.load(b, 32)),
      pair<T>(verb, v128.load(a, 48), v128.load(b, 48)),
      pair<T>(verb, v128.load(a, 64), v128.load(b, 64)),
      pair<T>(verb, v128.load(a, 80), v128.load(b, 80)),
      pair<T>(verb, v128.load(a, 96), v128.load(b, 96)),
      pair<T>(verb, v128.load(a, 112), v128.load(b, 112)),
    )
    storeMask(out, rows)
  }
  for (; out < end; a += 8, b += 8, ++out) store<u8>(out, <u8>one<T>(verb, load<T>(a), load<T>(b)))
}

// @ts-ignore: decorator
@inline
function colConst(verb: i32, a: usize, k: f64, n: i32, out: usize): void {
  const y = f64x2.splat(k)
  const end = out + n
  for (; out + 16 <= end; a += 128, out += 16) {
    const rows = narrow64(
      pairF64(verb, v128.load(a), y),
      pairF64(verb, v128.load(a, 16), y),
      pairF64(verb, v128.load(a, 32), y),
      pairF64(verb, v128.load(a, 48), y),
      pairF64(verb, v128.load(a, 64), y),
      pairF64(verb, v128.load(a, 80), y),
      pairF64(verb, v128.load(a, 96), y),
      pairF64(verb, v128.load(a, 112), y),
    )
    storeMask(out, rows)
  }
  for (; out < end; a += 8, ++out) store<u8>(out, <u8>one<f64>(verb, load<f64>(a), k))
}

export function eqF64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  colCol<f64>(EQ, a, b, n, out)
}

export function neF64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  colCol<f64>(NE, a, b, n, out)
}

export function ltF64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  colCol<f64>(LT, a, b, n, out)
}

export function leF64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  colCol<f64>(LE, a, b, n, out)
}

export function eqF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  colConst(EQ, a, k, n, out)
}

export function neF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  colConst(NE, a, k, n, out)
}

export function ltF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  colConst(LT, a, k, n, out)
}

export function leF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  colConst(LE, a, k, n, out)
}

export function gtF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  colConst(GT, a, k, n, out)
}

export function geF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  colConst(GE, a, k, n, out)
}

export function eqI64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  colCol<i64>(EQ, a, b, n, out)
}

export function neI64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  colCol<i64>(NE, a, b, n, out)
}

export function ltI64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  colCol<i64>(LT, a, b, n, out)
}

export function leI64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  colCol<i64>(LE, a, b, n, out)
}

export function eqI32ColCol(a: usize, b: usize, n: i32, out: usize): void {
  const end = out + n
  for (; out + 16 <= end; a += 64, b += 64, out += 16) {
    const rows = narrow32(
      i32x4.eq(v128.load(a), v128.load(b)),
      i32x4.eq(v128.load(a, 16), v128.load(b, 16)),
      i32x4.eq(v128.load(a, 32), v128.load(b, 32)),
      i32x4.eq(v128.load(a, 48), v128.load(b, 48)),
    )
    storeMask(out, rows)
  }
  for (; out < end; a += 4, b += 4, ++out) store<u8>(out, <u8>(load<i32>(a) == load<i32>(b)))
}

/** Four rows a turn against each value of the list. */
// @ts-ignore: decorator
@inline
function within<T>(a: usize, n: i32, list: usize, k: i32, out: usize): void {
  const listEnd = list + (<usize>k << 3)
  const end = out + n
  for (; out + 4 <= end; a += 32, out += 4) {
    const x = v128.load(a)
    const y = v128.load(a, 16)
    let xFound = i64x2.splat(0)
    let yFound = i64x2.splat(0)
    for (let at = list; at < listEnd; at += 8) {
      const value = v128.load64_splat(at)
      xFound = v128.or(xFound, pair<T>(EQ, x, value))
      yFound = v128.or(yFound, pair<T>(EQ, y, value))
    }
    const four = i16x8.narrow_i32x4_s(xFound, yFound)
    v128.store32_lane(out, v128.and(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(four, four), four), i8x16.splat(1)), 0)
  }
  for (; out < end; a += 8, ++out) {
    const x = load<T>(a)
    let found: u8 = 0
    for (let at = list; at < listEnd; at += 8) found |= <u8>(load<T>(at) == x)
    store<u8>(out, found)
  }
}

export function inF64(a: usize, n: i32, list: usize, k: i32, out: usize): void {
  within<f64>(a, n, list, k, out)
}

export function inI64(a: usize, n: i32, list: usize, k: i32, out: usize): void {
  within<i64>(a, n, list, k, out)
}
