// The loop of sum, least and greatest of one f64 column. Any of the three in one pass: a record's cache line comes once.
// Of least and greatest together, the greatest stands right after the least.

import { SUM_F64_CARRY, SUM_F64_SUM } from './abi'
import { hasValue } from './rows'

/** TwoSum (Knuth), without a branch: returns the exact rounding error of sum + value. */
// @ts-ignore: decorator
@inline
function addTo(field: usize, value: f64): f64 {
  const sum = load<f64>(field, SUM_F64_SUM)
  const total = sum + value
  const part = total - sum
  store<f64>(field, total, SUM_F64_SUM)
  return sum - (total - part) + (value - part)
}

// @ts-ignore: decorator
@inline
export function addCompensated(field: usize, value: f64): void {
  const error = addTo(field, value)
  store<f64>(field, load<f64>(field, SUM_F64_CARRY) + error, SUM_F64_CARRY)
}

// @ts-ignore: decorator
@inline
export function addSum(field: usize, value: f64, carry: f64): void {
  const error = addTo(field, value)
  store<f64>(field, load<f64>(field, SUM_F64_CARRY) + carry + error, SUM_F64_CARRY)
}

/**
 * Takes a value into the least, the greatest, or both in two lanes (the greatest as the least of the negatives). No
 * branch depends on how values compare: for new extremes it would be mispredicted. A NaN value changes nothing, a NaN
 * field takes any value. pmin(x, kept) is kept < x ? kept : x; equal values leave the bits of either, so -0 wins.
 */
// @ts-ignore: decorator
@inline
export function widen(mins: bool, maxs: bool, field: usize, value: f64): void {
  if (value != value) return
  const flip = mins ? (maxs ? f64x2(0.0, -0.0) : f64x2(0.0, 0.0)) : f64x2(-0.0, -0.0)
  const kept = v128.xor(mins && maxs ? v128.load(field) : v128.load64_zero(field), flip)
  const given = v128.xor(f64x2.splat(value), flip)
  const least = v128.or(f64x2.pmin(given, kept), v128.and(kept, f64x2.eq(kept, given)))
  if (mins && maxs) v128.store(field, v128.xor(least, flip))
  else v128.store64_lane(field, v128.xor(least, flip), 0)
}

// @ts-ignore: decorator
@inline
function eachRow(
  sums: bool,
  mins: bool,
  maxs: bool,
  selected: bool,
  nullable: bool,
  addr: usize,
  sel: usize,
  from: usize,
  m: usize,
  a: usize,
  validity: usize,
  sumAt: usize,
  extremesAt: usize,
): void {
  const end = addr + ((m - from) << 2)
  const shift: usize = selected ? 2 : 3
  let at = (selected ? sel : a) + (from << shift)
  let row = from
  for (; addr < end; addr += 4, at += 1 << shift) {
    if (selected) row = load<u32>(at)
    if (!nullable || hasValue(validity, row)) {
      const record = load<usize>(addr)
      const value = load<f64>(selected ? a + (row << 3) : at)
      if (sums) addCompensated(record + sumAt, value)
      if (mins || maxs) widen(mins, maxs, record + extremesAt, value)
    }
    if (!selected && nullable) row++
  }
}

// @ts-ignore: decorator
@inline
export function accumulateF64(
  sums: bool,
  mins: bool,
  maxs: bool,
  addr: usize,
  sel: usize,
  from: usize,
  m: usize,
  a: usize,
  validity: usize,
  sumAt: usize,
  extremesAt: usize,
): void {
  if (sel == 0) {
    if (validity == 0) {
      eachRow(sums, mins, maxs, false, false, addr, sel, from, m, a, validity, sumAt, extremesAt)
    } else eachRow(sums, mins, maxs, false, true, addr, sel, from, m, a, validity, sumAt, extremesAt)
  } else if (validity == 0) {
    eachRow(sums, mins, maxs, true, false, addr, sel, from, m, a, validity, sumAt, extremesAt)
  } else eachRow(sums, mins, maxs, true, true, addr, sel, from, m, a, validity, sumAt, extremesAt)
}
