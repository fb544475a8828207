// Sum together with extremes of the same f64 column, in one pass.

import { accumulateF64 } from './accumulate-f64'

export function accumulateSumMinF64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  sumAt: i32,
  minAt: i32,
): void {
  accumulateF64(true, true, false, addr, sel, from, m, a, validity, sumAt, minAt)
}

export function accumulateSumMaxF64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  sumAt: i32,
  maxAt: i32,
): void {
  accumulateF64(true, false, true, addr, sel, from, m, a, validity, sumAt, maxAt)
}

export function accumulateSumMinMaxF64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  sumAt: i32,
  minAt: i32,
): void {
  accumulateF64(true, true, true, addr, sel, from, m, a, validity, sumAt, minAt)
}
