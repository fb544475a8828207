// Sum of an f64 column: compensated (abi.ts SUM_F64_*), also combined with that of another slice, and finished.

import { SUM_F64_CARRY, SUM_F64_SUM } from './abi'
import { accumulateF64, addSum } from './accumulate-f64'

export function accumulateSumF64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  at: i32,
): void {
  accumulateF64(true, false, false, addr, sel, from, m, a, validity, at, 0)
}

export function combineSumF64(dst: usize, src: usize, m: i32, at: i32): void {
  for (const end = dst + (<usize>m << 2); dst < end; dst += 4, src += 4) {
    const taken = load<usize>(src) + at
    addSum(load<usize>(dst) + at, load<f64>(taken, SUM_F64_SUM), load<f64>(taken, SUM_F64_CARRY))
  }
}

/** Once the sum is infinite or NaN, the carry means nothing. */
// @ts-ignore: decorator
@inline
function finished(field: usize): f64 {
  const sum = load<f64>(field, SUM_F64_SUM)
  return isFinite<f64>(sum) ? sum + load<f64>(field, SUM_F64_CARRY) : sum
}

export function finishSumF64(addr: usize, m: i32, at: i32, out: usize): void {
  for (const end = addr + (<usize>m << 2); addr < end; addr += 4, out += 8) {
    store<f64>(out, finished(load<usize>(addr) + at))
  }
}

export function finishAvgF64(addr: usize, m: i32, at: i32, countAt: i32, out: usize): void {
  for (const end = addr + (<usize>m << 2); addr < end; addr += 4, out += 8) {
    const record = load<usize>(addr)
    store<f64>(out, finished(record + at) / load<f64>(record + countAt))
  }
}
