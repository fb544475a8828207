// Element-wise arithmetic over f64: two rows a vector, two vectors a turn, the last rows one by one.
// A verb is a constant, so the inlined bodies fold to one instruction.

const ADD = 0
const SUB = 1
const MUL = 2
const DIV = 3
const MIN = 4
const MAX = 5

// @ts-ignore: decorator
@inline
function pair(verb: i32, x: v128, y: v128): v128 {
  if (verb == ADD) return f64x2.add(x, y)
  if (verb == SUB) return f64x2.sub(x, y)
  if (verb == MUL) return f64x2.mul(x, y)
  if (verb == DIV) return f64x2.div(x, y)
  // The instructions order -0 below +0 as wanted but let NaN through: where a side is NaN, the other one counts.
  const extreme = verb == MIN ? f64x2.min(x, y) : f64x2.max(x, y)
  return v128.bitselect(v128.bitselect(extreme, x, f64x2.eq(y, y)), y, f64x2.eq(x, x))
}

// @ts-ignore: decorator
@inline
function one(verb: i32, x: f64, y: f64): f64 {
  if (verb == ADD) return x + y
  if (verb == SUB) return x - y
  if (verb == MUL) return x * y
  if (verb == DIV) return x / y
  if (x != x) return y
  if (y != y) return x
  return verb == MIN ? min<f64>(x, y) : max<f64>(x, y)
}

// @ts-ignore: decorator
@inline
function colCol(verb: i32, a: usize, b: usize, n: i32, out: usize): void {
  const end = out + (<usize>n << 3)
  for (; out + 32 <= end; a += 32, b += 32, out += 32) {
    const first = pair(verb, v128.load(a), v128.load(b))
    const second = pair(verb, v128.load(a, 16), v128.load(b, 16))
    v128.store(out, first)
    v128.store(out, second, 16)
  }
  for (; out < end; a += 8, b += 8, out += 8) store<f64>(out, one(verb, load<f64>(a), load<f64>(b)))
}

// @ts-ignore: decorator
@inline
function colConst(verb: i32, a: usize, k: f64, n: i32, out: usize): void {
  const y = f64x2.splat(k)
  const end = out + (<usize>n << 3)
  for (; out + 32 <= end; a += 32, out += 32) {
    const first = pair(verb, v128.load(a), y)
    const second = pair(verb, v128.load(a, 16), y)
    v128.store(out, first)
    v128.store(out, second, 16)
  }
  for (; out < end; a += 8, out += 8) store<f64>(out, one(verb, load<f64>(a), k))
}

// @ts-ignore: decorator
@inline
function constCol(verb: i32, k: f64, b: usize, n: i32, out: usize): void {
  const x = f64x2.splat(k)
  const end = out + (<usize>n << 3)
  for (; out + 32 <= end; b += 32, out += 32) {
    const first = pair(verb, x, v128.load(b))
    const second = pair(verb, x, v128.load(b, 16))
    v128.store(out, first)
    v128.store(out, second, 16)
  }
  for (; out < end; b += 8, out += 8) store<f64>(out, one(verb, k, load<f64>(b)))
}

export function addF64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  colCol(ADD, a, b, n, out)
}

export function addF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  colConst(ADD, a, k, n, out)
}

export function subF64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  colCol(SUB, a, b, n, out)
}

export function subF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  colConst(SUB, a, k, n, out)
}

export function subF64ConstCol(k: f64, b: usize, n: i32, out: usize): void {
  constCol(SUB, k, b, n, out)
}

export function mulF64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  colCol(MUL, a, b, n, out)
}

export function mulF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  colConst(MUL, a, k, n, out)
}

export function mulAddF64ColConstCol(a: usize, k: f64, b: usize, n: i32, out: usize): void {
  const factor = f64x2.splat(k)
  const end = out + (<usize>n << 3)
  for (; out + 32 <= end; a += 32, b += 32, out += 32) {
    const first = f64x2.add(f64x2.mul(v128.load(a), factor), v128.load(b))
    const second = f64x2.add(f64x2.mul(v128.load(a, 16), factor), v128.load(b, 16))
    v128.store(out, first)
    v128.store(out, second, 16)
  }
  for (; out < end; a += 8, b += 8, out += 8) store<f64>(out, load<f64>(a) * k + load<f64>(b))
}

export function divF64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  colCol(DIV, a, b, n, out)
}

export function divF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  colConst(DIV, a, k, n, out)
}

export function divF64ConstCol(k: f64, b: usize, n: i32, out: usize): void {
  constCol(DIV, k, b, n, out)
}

export function minF64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  colCol(MIN, a, b, n, out)
}

export function minF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  colConst(MIN, a, k, n, out)
}

export function maxF64ColCol(a: usize, b: usize, n: i32, out: usize): void {
  colCol(MAX, a, b, n, out)
}

export function maxF64ColConst(a: usize, k: f64, n: i32, out: usize): void {
  colConst(MAX, a, k, n, out)
}
