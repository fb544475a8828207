// One value in every row.

// @ts-ignore: decorator
@inline
function fill<T>(out: usize, n: i32, value: T, vector: v128): void {
  const end = out + <usize>n * sizeof<T>()
  for (; out + 16 <= end; out += 16) v128.store(out, vector)
  for (; out < end; out += sizeof<T>()) store<T>(out, value)
}

export function fill1(out: usize, n: i32, value: i32): void {
  fill<u8>(out, n, <u8>value, i8x16.splat(<i8>value))
}

export function fillI32(out: usize, n: i32, value: i32): void {
  fill<i32>(out, n, value, i32x4.splat(value))
}

export function fillF64(out: usize, n: i32, value: f64): void {
  fill<f64>(out, n, value, f64x2.splat(value))
}

export function fillF32(out: usize, n: i32, value: f32): void {
  fill<f32>(out, n, value, f32x4.splat(value))
}

export function fillI64(out: usize, n: i32, value: i64): void {
  fill<i64>(out, n, value, i64x2.splat(value))
}
