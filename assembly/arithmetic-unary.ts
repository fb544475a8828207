// Element-wise functions of one f64 column: two rows a vector, two vectors a turn, the last rows one by one.

import { storeBits } from './narrow'

const NEG = 0
const ABS = 1
const FLOOR = 2
const CEIL = 3
const ROUND = 4
const SQRT = 5

// @ts-ignore: decorator
@inline
function pair(verb: i32, x: v128): v128 {
  if (verb == NEG) return f64x2.neg(x)
  if (verb == ABS) return f64x2.abs(x)
  if (verb == FLOOR) return f64x2.floor(x)
  if (verb == CEIL) return f64x2.ceil(x)
  if (verb == SQRT) return f64x2.sqrt(x)
  // x - trunc(x) is exact, so the half is seen as it is: adding 0.5 first would round 0.49999999999999994 up.
  const whole = f64x2.trunc(x)
  const away = f64x2.ge(f64x2.abs(f64x2.sub(x, whole)), f64x2.splat(0.5))
  const sign = v128.and(x, f64x2.splat(-0.0))
  const step = v128.or(v128.and(away, f64x2.splat(1)), sign)
  return f64x2.add(whole, step)
}

// @ts-ignore: decorator
@inline
function one(verb: i32, x: f64): f64 {
  if (verb == NEG) return -x
  if (verb == ABS) return abs<f64>(x)
  if (verb == FLOOR) return floor<f64>(x)
  if (verb == CEIL) return ceil<f64>(x)
  if (verb == SQRT) return sqrt<f64>(x)
  const whole = trunc<f64>(x)
  return whole + copysign<f64>(abs<f64>(x - whole) >= 0.5 ? 1 : 0, x)
}

// @ts-ignore: decorator
@inline
function each(verb: i32, a: usize, n: i32, out: usize): void {
  const end = out + (<usize>n << 3)
  for (; out + 32 <= end; a += 32, out += 32) {
    const first = pair(verb, v128.load(a))
    const second = pair(verb, v128.load(a, 16))
    v128.store(out, first)
    v128.store(out, second, 16)
  }
  for (; out < end; a += 8, out += 8) store<f64>(out, one(verb, load<f64>(a)))
}

export function negF64(a: usize, n: i32, out: usize): void {
  each(NEG, a, n, out)
}

export function absF64(a: usize, n: i32, out: usize): void {
  each(ABS, a, n, out)
}

export function floorF64(a: usize, n: i32, out: usize): void {
  each(FLOOR, a, n, out)
}

export function ceilF64(a: usize, n: i32, out: usize): void {
  each(CEIL, a, n, out)
}

export function roundF64(a: usize, n: i32, out: usize): void {
  each(ROUND, a, n, out)
}

export function sqrtF64(a: usize, n: i32, out: usize): void {
  each(SQRT, a, n, out)
}

// @ts-ignore: decorator
@inline
function nonZeroPair(b: usize, zero: v128): v128 {
  return f64x2.ne(v128.load(b), zero)
}

export function nonZeroF64(b: usize, n: i32, bitsOut: usize): void {
  const zero = f64x2.splat(0)
  const end = b + (<usize>n << 3)
  for (; b + 128 <= end; b += 128, bitsOut += 2) {
    storeBits(
      bitsOut,
      nonZeroPair(b, zero),
      nonZeroPair(b + 16, zero),
      nonZeroPair(b + 32, zero),
      nonZeroPair(b + 48, zero),
      nonZeroPair(b + 64, zero),
      nonZeroPair(b + 80, zero),
      nonZeroPair(b + 96, zero),
      nonZeroPair(b + 112, zero),
    )
  }
  for (; b < end; ++bitsOut) {
    let byte: u32 = 0
    for (let bit: u32 = 0; bit < 8 && b < end; ++bit, b += 8) byte |= u32(load<f64>(b) != 0) << bit
    store<u8>(bitsOut, <u8>byte)
  }
}
