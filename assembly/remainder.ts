// Remainders of f64, exact as fmod is, two rows a turn by the shortest way that is exact for both:
//
//   whole numbers below 2^53, the usual operands    x - trunc(x / y) * y. The rounded quotient truncates to the true one
//                                                   (1 / |y| is more than half a unit in the last place of x / y), so
//                                                   nothing is rounded.
//   quotients below 2^53 of any but extreme numbers the same with the product in two parts (Dekker), whose rounding error
//                                                   is known exactly.
//   anything else                                   one by one, a step a bit of the quotient.
//
// By a whole constant, where no dividend is below zero (its sign bit tells): the quotient by a number R that is no less than
// 1 / |c| (the next one above the rounded reciprocal), rounded down, and |c| added where that was one too many. For
// 0 <= x < 2^51 and whole 1 <= |c| <= 2^50 nothing in it is rounded that matters:
//   x * R is no less than x / |c|, nor is it rounded below a whole number that x / |c| reaches: q is never too small;
//   it is more than x / |c| by less than 2^-51 of it and so by less than 1 / |c|: q is one too many for no whole x, which is
//   1 or more below the next multiple of c, and for fractions hardly ever;
//   q * c is whole and below 2^53, so it is exact;
//   x - q * c, where it isn't below zero, is a multiple of the last place of x and no greater than x, so it is exact; where it
//   is, it is a multiple likewise, and smaller;
//   with |c| added then, it is the remainder, which is always a number.

const SAFE: f64 = 9007199254740992.0
const LARGEST_TIME: f64 = 9007199254740991.0
// Far inside the exponents' range, so that no part of a product overflows or gets lost below the smallest number.
const LEAST: f64 = 1e-250
const GREATEST: f64 = 1e250
/** The bits of 2^51: of dividends for which the reciprocal does, below; and 2^50: divisors, up to it. */
const RECIPROCAL_DIVIDENDS: u64 = 0x4320000000000000
const RECIPROCAL_DIVISORS: f64 = 1125899906842624.0
/** 2^27 + 1: splits the 53 bits of a number into two halves whose products are exact. */
const SPLITTER: f64 = 134217729.0

// @ts-ignore: decorator
@inline
function wholePair(x: v128): v128 {
  return v128.and(f64x2.eq(f64x2.trunc(x), x), f64x2.lt(f64x2.abs(x), f64x2.splat(SAFE)))
}

/** Divisors that whole numbers can be divided by in the shortest way. */
// @ts-ignore: decorator
@inline
function wholeDivisor(y: v128): v128 {
  return v128.and(wholePair(y), f64x2.ne(y, f64x2.splat(0)))
}

/** A remainder has the sign of the dividend, also when it is zero. */
// @ts-ignore: decorator
@inline
function signed(rest: v128, x: v128): v128 {
  return v128.bitselect(x, rest, f64x2.splat(-0.0))
}

// @ts-ignore: decorator
@inline
function upperBits(x: v128): v128 {
  const scaled = f64x2.mul(x, f64x2.splat(SPLITTER))
  return f64x2.sub(scaled, f64x2.sub(scaled, x))
}

/** x * y - product, where product is x * y rounded. */
// @ts-ignore: decorator
@inline
function productError(x: v128, y: v128, product: v128): v128 {
  const xUpper = upperBits(x)
  const yUpper = upperBits(y)
  const xLower = f64x2.sub(x, xUpper)
  const yLower = f64x2.sub(y, yUpper)
  const upper = f64x2.sub(f64x2.mul(xUpper, yUpper), product)
  return f64x2.add(
    f64x2.add(f64x2.add(upper, f64x2.mul(xUpper, yLower)), f64x2.mul(xLower, yUpper)),
    f64x2.mul(xLower, yLower),
  )
}

// @ts-ignore: decorator
@inline
function oneByOne(x: v128, y: v128): v128 {
  return f64x2(
    f64x2.extract_lane(x, 0) % f64x2.extract_lane(y, 0),
    f64x2.extract_lane(x, 1) % f64x2.extract_lane(y, 1),
  )
}

/** Kept out of the loops, which come here for fractions only. */
function fractionPair(x: v128, y: v128): v128 {
  const dividend = f64x2.abs(x)
  const divisor = f64x2.abs(y)
  const quotient = f64x2.trunc(f64x2.div(dividend, divisor))
  const inRange = v128.and(
    v128.and(f64x2.lt(quotient, f64x2.splat(SAFE)), f64x2.lt(dividend, f64x2.splat(GREATEST))),
    v128.and(f64x2.gt(divisor, f64x2.splat(LEAST)), f64x2.lt(divisor, f64x2.splat(GREATEST))),
  )
  if (!i64x2.all_true(inRange)) return oneByOne(x, y)
  const product = f64x2.mul(quotient, divisor)
  const rest = f64x2.sub(f64x2.sub(dividend, product), productError(quotient, divisor, product))
  // Just below a whole number the quotient may have been rounded up to it: that was one divisor too many.
  const tooMany = f64x2.lt(rest, f64x2.splat(0))
  return signed(f64x2.add(rest, v128.and(divisor, tooMany)), x)
}

// @ts-ignore: decorator
@inline
function shortPair(x: v128, y: v128): v128 {
  return signed(f64x2.sub(x, f64x2.mul(f64x2.trunc(f64x2.div(x, y)), y)), x)
}

// @ts-ignore: decorator
@inline
function remainderPair(x: v128, y: v128, divisorFits: v128): v128 {
  if (!i64x2.all_true(v128.and(wholePair(x), divisorFits))) return fractionPair(x, y)
  return shortPair(x, y)
}

// @ts-ignore: decorator
@inline
function remainder(x: f64, y: f64): f64 {
  const divisor = f64x2.splat(y)
  return f64x2.extract_lane(remainderPair(f64x2.splat(x), divisor, wholeDivisor(divisor)), 0)
}

export function modF64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  const end = out + (<usize>n << 3)
  for (; out + 16 <= end; a += 16, b += 16, out += 16) {
    const y = v128.load(b)
    v128.store(out, remainderPair(v128.load(a), y, wholeDivisor(y)))
  }
  if (out < end) store<f64>(out, remainder(load<f64>(a), load<f64>(b)))
}

// @ts-ignore: decorator
@inline
function reciprocalPair(x: v128, divisor: v128, reciprocal: v128): v128 {
  return f64x2.sub(x, f64x2.mul(f64x2.floor(f64x2.mul(x, reciprocal)), divisor))
}

/**
 * Whether there are eight rows before `end`, none of them below zero, none from 2^51 on. The greatest upper halves of their
 * bits tell: a set sign is above all, and adding what is between 2^51 and the sign sets it.
 */
// @ts-ignore: decorator
@inline
function reciprocalDoes(a: usize, end: usize): bool {
  if (a + 64 > end) return false
  const greatest = i32x4.max_u(
    i32x4.max_u(v128.load(a), v128.load(a, 16)),
    i32x4.max_u(v128.load(a, 32), v128.load(a, 48)),
  )
  const between = i64x2.splat(<i64>((<u64>1 << 63) - RECIPROCAL_DIVIDENDS))
  return i64x2.bitmask(v128.or(greatest, i64x2.add(greatest, between))) == 0
}

/** Eight rows a turn by the reciprocal for as long as it does; returns where it stopped. Its test is at the end: V8 takes constants out of such loops only. */
function modByReciprocal(a: usize, k: f64, end: usize, out: usize): usize {
  if (!reciprocalDoes(a, end)) return a
  const first = out
  const divisor = f64x2.splat(k)
  const reciprocal = f64x2.splat(reinterpret<f64>(reinterpret<u64>(1 / k) + 1))
  let signs = i64x2.splat(0)
  do {
    const rest = reciprocalPair(v128.load(a), divisor, reciprocal)
    const rest2 = reciprocalPair(v128.load(a, 16), divisor, reciprocal)
    const rest3 = reciprocalPair(v128.load(a, 32), divisor, reciprocal)
    const rest4 = reciprocalPair(v128.load(a, 48), divisor, reciprocal)
    v128.store(out, rest)
    v128.store(out, rest2, 16)
    v128.store(out, rest3, 32)
    v128.store(out, rest4, 48)
    signs = v128.or(signs, v128.or(v128.or(rest, rest2), v128.or(rest3, rest4)))
    a += 64
    out += 64
  } while (reciprocalDoes(a, end))
  if (i64x2.bitmask(signs) != 0) addWhereBelowZero(first, out, divisor)
  return a
}

/** Takes back the one that quotients of fractions were too great by. */
function addWhereBelowZero(rest: usize, end: usize, divisor: v128): void {
  for (; rest < end; rest += 16) {
    const x = v128.load(rest)
    v128.store(rest, f64x2.add(x, v128.and(divisor, f64x2.lt(x, f64x2.splat(0)))))
  }
}

export function modF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  const y = f64x2.splat(k)
  const divisorFits = wholeDivisor(y)
  const divisor = abs<f64>(k)
  const byReciprocal = divisor >= 1 && divisor <= RECIPROCAL_DIVISORS && trunc<f64>(divisor) == divisor
  const end = a + (<usize>n << 3)
  while (a < end) {
    if (byReciprocal) {
      const stopped = modByReciprocal(a, divisor, end, out)
      out += stopped - a
      a = stopped
    }
    // Eight rows the longer way, then the shorter one is tried again.
    const stop = byReciprocal ? min(end, a + 64) : end
    for (; a + 16 <= stop; a += 16, out += 16) v128.store(out, remainderPair(v128.load(a), y, divisorFits))
    if (a < stop) {
      store<f64>(out, remainder(load<f64>(a), k))
      a += 8
      out += 8
    }
  }
}

export function modF64ConstCol(k: f64, b: usize, n: i32, out: usize): void {
  const x = f64x2.splat(k)
  const end = out + (<usize>n << 3)
  for (; out + 16 <= end; b += 16, out += 16) {
    const y = v128.load(b)
    v128.store(out, remainderPair(x, y, wholeDivisor(y)))
  }
  if (out < end) store<f64>(out, remainder(k, load<f64>(b)))
}

export function floorDivF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  const y = f64x2.splat(k)
  const end = out + (<usize>n << 3)
  for (; out + 16 <= end; a += 16, out += 16) v128.store(out, f64x2.floor(f64x2.div(v128.load(a), y)))
  if (out < end) store<f64>(out, floor<f64>(load<f64>(a) / k))
}

export function floorModF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  const y = f64x2.splat(k)
  const end = out + (<usize>n << 3)
  for (; out + 16 <= end; a += 16, out += 16) {
    const x = v128.load(a)
    v128.store(out, f64x2.sub(x, f64x2.mul(y, f64x2.floor(f64x2.div(x, y)))))
  }
  if (out < end) {
    const x = load<f64>(a)
    store<f64>(out, x - k * floor<f64>(x / k))
  }
}

// Beginnings of intervals are at offset + i * size. The offset nearer to zero on the time's own side keeps time - offset
// below 2^53, where the quotient's floor is exact.

export function floorToF64(time: usize, size: f64, offset: f64, n: i32, out: usize): void {
  const sizes = f64x2.splat(size)
  const after = f64x2.splat(offset)
  const before = f64x2.splat(offset == 0 ? 0 : offset - size)
  const least = f64x2.splat(-LARGEST_TIME)
  const end = out + (<usize>n << 3)
  for (; out + 16 <= end; time += 16, out += 16) {
    const t = v128.load(time)
    const shift = v128.bitselect(before, after, f64x2.lt(t, f64x2.splat(0)))
    const start = f64x2.add(shift, f64x2.mul(sizes, f64x2.floor(f64x2.div(f64x2.sub(t, shift), sizes))))
    v128.store(out, v128.bitselect(least, start, f64x2.lt(start, least)))
  }
  if (out < end) {
    const t = load<f64>(time)
    const shift = t < 0 ? (offset == 0 ? 0 : offset - size) : offset
    const start = shift + size * floor<f64>((t - shift) / size)
    store<f64>(out, start < -LARGEST_TIME ? -LARGEST_TIME : start)
  }
}
