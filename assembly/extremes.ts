// Least and greatest of an f64 column. The field starts as NaN ("none yet").

import { accumulateF64, widen } from './accumulate-f64'

export function accumulateMinF64(addr: usize, sel: usize, from: i32, m: i32, a: usize, validity: usize, at: i32): void {
  accumulateF64(false, true, false, addr, sel, from, m, a, validity, 0, at)
}

export function accumulateMaxF64(addr: usize, sel: usize, from: i32, m: i32, a: usize, validity: usize, at: i32): void {
  accumulateF64(false, false, true, addr, sel, from, m, a, validity, 0, at)
}

export function accumulateMinMaxF64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  at: i32,
): void {
  accumulateF64(false, true, true, addr, sel, from, m, a, validity, 0, at)
}

export function combineMinF64(dst: usize, src: usize, m: i32, at: i32): void {
  for (const end = dst + ((<usize>m) << 2); dst < end; dst += 4, src += 4) {
    widen(true, false, load<usize>(dst) + at, load<f64>(load<usize>(src) + at))
  }
}

export function combineMaxF64(dst: usize, src: usize, m: i32, at: i32): void {
  for (const end = dst + ((<usize>m) << 2); dst < end; dst += 4, src += 4) {
    widen(false, true, load<usize>(dst) + at, load<f64>(load<usize>(src) + at))
  }
}
