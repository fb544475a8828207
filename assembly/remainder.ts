// Remainders of f64. The exact general one takes a step a bit of the quotient; whole numbers below 2^53, the usual
// operands, have a short cut: the rounded quotient truncates to the true one (1 / |y| is more than half a unit in the
// last place of x / y), so x - trunc(x / y) * y is exact as well.

const SAFE: f64 = 9007199254740992.0

// @ts-ignore: decorator
@inline
function wholePair(x: v128): v128 {
  return v128.and(f64x2.eq(f64x2.trunc(x), x), f64x2.lt(f64x2.abs(x), f64x2.splat(SAFE)))
}

// @ts-ignore: decorator
@inline
function whole(x: f64): bool {
  return trunc<f64>(x) == x && abs<f64>(x) < SAFE
}

/** Of whole operands. The result has the sign of x, also when it is zero. */
// @ts-ignore: decorator
@inline
function shortPair(x: v128, y: v128): v128 {
  const rest = f64x2.sub(x, f64x2.mul(f64x2.trunc(f64x2.div(x, y)), y))
  return v128.bitselect(x, rest, f64x2.splat(-0.0))
}

// @ts-ignore: decorator
@inline
function shortOne(x: f64, y: f64): f64 {
  return copysign<f64>(x - trunc<f64>(x / y) * y, x)
}

/** Kept out of the loops, which rarely come here. */
function remainder(x: f64, y: f64): f64 {
  return whole(x) && whole(y) && y != 0 ? shortOne(x, y) : x % y
}

// @ts-ignore: decorator
@inline
function remainderPair(x: v128, y: v128, divisorFits: v128): v128 {
  if (i64x2.all_true(v128.and(wholePair(x), divisorFits))) return shortPair(x, y)
  return f64x2(
    remainder(f64x2.extract_lane(x, 0), f64x2.extract_lane(y, 0)),
    remainder(f64x2.extract_lane(x, 1), f64x2.extract_lane(y, 1)),
  )
}

// @ts-ignore: decorator
@inline
function fits(divisor: v128): v128 {
  return v128.and(wholePair(divisor), f64x2.ne(divisor, f64x2.splat(0)))
}

export function modF64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  const end = out + (<usize>n << 3)
  for (; out + 16 <= end; a += 16, b += 16, out += 16) {
    const y = v128.load(b)
    v128.store(out, remainderPair(v128.load(a), y, fits(y)))
  }
  if (out < end) store<f64>(out, remainder(load<f64>(a), load<f64>(b)))
}

export function modF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  const y = f64x2.splat(k)
  const divisorFits = fits(y)
  const end = out + (<usize>n << 3)
  for (; out + 16 <= end; a += 16, out += 16) {
    v128.store(out, remainderPair(v128.load(a), y, divisorFits))
  }
  if (out < end) store<f64>(out, remainder(load<f64>(a), k))
}

export function modF64ConstCol(k: f64, b: usize, n: i32, out: usize): void {
  const x = f64x2.splat(k)
  const end = out + (<usize>n << 3)
  for (; out + 16 <= end; b += 16, out += 16) {
    const y = v128.load(b)
    v128.store(out, remainderPair(x, y, fits(y)))
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
