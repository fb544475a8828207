// Mean and squared deviations of an f64 column (abi.ts MOMENTS_*): Welford's update, Chan's combination.

import { MOMENTS_COUNT, MOMENTS_M2, MOMENTS_MEAN } from './abi'
import { hasValue, rowAt } from './rows'

// @ts-ignore: decorator
@inline
function eachRow(
  selected: bool,
  nullable: bool,
  addr: usize,
  sel: usize,
  from: usize,
  m: usize,
  a: usize,
  validity: usize,
  at: usize,
): void {
  for (let j = from; j < m; j++, addr += 4) {
    const row = rowAt(selected, sel, j)
    if (nullable && !hasValue(validity, row)) continue
    const field = load<usize>(addr) + at
    const value = load<f64>(a + (row << 3))
    const count = load<f64>(field, MOMENTS_COUNT) + 1
    const mean = load<f64>(field, MOMENTS_MEAN)
    const delta = value - mean
    const newMean = mean + delta / count
    store<f64>(field, newMean, MOMENTS_MEAN)
    store<f64>(field, load<f64>(field, MOMENTS_M2) + delta * (value - newMean), MOMENTS_M2)
    store<f64>(field, count, MOMENTS_COUNT)
  }
}

export function accumulateMomentsF64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  at: i32,
): void {
  if (sel == 0) {
    if (validity == 0) eachRow(false, false, addr, sel, from, m, a, validity, at)
    else eachRow(false, true, addr, sel, from, m, a, validity, at)
  } else if (validity == 0) eachRow(true, false, addr, sel, from, m, a, validity, at)
  else eachRow(true, true, addr, sel, from, m, a, validity, at)
}

export function combineMomentsF64(dst: usize, src: usize, m: i32, at: i32): void {
  for (const end = dst + (<usize>m << 2); dst < end; dst += 4, src += 4) {
    const field = load<usize>(dst) + at
    const taken = load<usize>(src) + at
    const added = load<f64>(taken, MOMENTS_COUNT)
    if (added == 0) continue
    const before = load<f64>(field, MOMENTS_COUNT)
    const count = before + added
    const mean = load<f64>(field, MOMENTS_MEAN)
    const delta = load<f64>(taken, MOMENTS_MEAN) - mean
    store<f64>(field, mean + (delta * added) / count, MOMENTS_MEAN)
    store<f64>(
      field,
      load<f64>(field, MOMENTS_M2) + load<f64>(taken, MOMENTS_M2) + (delta * delta * before * added) / count,
      MOMENTS_M2,
    )
    store<f64>(field, count, MOMENTS_COUNT)
  }
}

// @ts-ignore: decorator
@inline
function variance(field: usize, ddof: f64): f64 {
  const divisor = load<f64>(field, MOMENTS_COUNT) - ddof
  return divisor > 0 ? load<f64>(field, MOMENTS_M2) / divisor : 0
}

export function finishVarianceF64(addr: usize, m: i32, at: i32, ddof: f64, out: usize): void {
  for (const end = addr + (<usize>m << 2); addr < end; addr += 4, out += 8) {
    store<f64>(out, variance(load<usize>(addr) + at, ddof))
  }
}

export function finishStdDevF64(addr: usize, m: i32, at: i32, ddof: f64, out: usize): void {
  for (const end = addr + (<usize>m << 2); addr < end; addr += 4, out += 8) {
    store<f64>(out, sqrt(variance(load<usize>(addr) + at, ddof)))
  }
}
