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
 * Takes a value that isn't NaN into the least, the greatest, or both in two lanes (the greatest as the least of the
 * negatives). No branch depends on how values compare: for new extremes it would be mispredicted. A NaN field takes any
 * value. pmin(x, kept) is kept < x ? kept : x; equal values leave the bits of either, so -0 wins.
 */
// @ts-ignore: decorator
@inline
function widenBy(mins: bool, maxs: bool, field: usize, value: f64): void {
  const flip = mins ? (maxs ? f64x2(0.0, -0.0) : f64x2(0.0, 0.0)) : f64x2(-0.0, -0.0)
  const kept = v128.xor(mins && maxs ? v128.load(field) : v128.load64_zero(field), flip)
  const given = v128.xor(f64x2.splat(value), flip)
  const least = v128.or(f64x2.pmin(given, kept), v128.and(kept, f64x2.eq(kept, given)))
  if (mins && maxs) v128.store(field, v128.xor(least, flip))
  else v128.store64_lane(field, v128.xor(least, flip), 0)
}

/** The same with any value: NaN changes nothing. */
// @ts-ignore: decorator
@inline
export function widen(mins: bool, maxs: bool, field: usize, value: f64): void {
  if (value == value) widenBy(mins, maxs, field, value)
}

/** Two rows a turn: they share the test for NaN, which a sum of values tells, and the cost of the loop. */
// @ts-ignore: decorator
@inline
function everyRow(
  sums: bool,
  mins: bool,
  maxs: bool,
  selected: bool,
  addr: usize,
  end: usize,
  at: usize,
  a: usize,
  sumAt: usize,
  extremesAt: usize,
): void {
  for (; addr + 8 <= end; addr += 8, at += selected ? 8 : 16) {
    const record = load<usize>(addr)
    const record2 = load<usize>(addr, 4)
    const value = load<f64>(selected ? a + (<usize>load<u32>(at) << 3) : at)
    const value2 = selected ? load<f64>(a + (<usize>load<u32>(at, 4) << 3)) : load<f64>(at, 8)
    if (sums) {
      addCompensated(record + sumAt, value)
      addCompensated(record2 + sumAt, value2)
    }
    if (mins || maxs) {
      const both = value + value2
      if (both == both) {
        widenBy(mins, maxs, record + extremesAt, value)
        widenBy(mins, maxs, record2 + extremesAt, value2)
      } else {
        widen(mins, maxs, record + extremesAt, value)
        widen(mins, maxs, record2 + extremesAt, value2)
      }
    }
  }
  if (addr < end) {
    const record = load<usize>(addr)
    const value = load<f64>(selected ? a + (<usize>load<u32>(at) << 3) : at)
    if (sums) addCompensated(record + sumAt, value)
    if (mins || maxs) widen(mins, maxs, record + extremesAt, value)
  }
}

// @ts-ignore: decorator
@inline
function validRow(
  sums: bool,
  mins: bool,
  maxs: bool,
  selected: bool,
  addr: usize,
  end: usize,
  sel: usize,
  row: usize,
  a: usize,
  validity: usize,
  sumAt: usize,
  extremesAt: usize,
): void {
  for (; addr < end; addr += 4) {
    if (selected) row = load<u32>(sel)
    if (hasValue(validity, row)) {
      const record = load<usize>(addr)
      const value = load<f64>(a + (row << 3))
      if (sums) addCompensated(record + sumAt, value)
      if (mins || maxs) widen(mins, maxs, record + extremesAt, value)
    }
    if (selected) sel += 4
    else row++
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
  const end = addr + ((m - from) << 2)
  if (validity == 0) {
    if (sel == 0) everyRow(sums, mins, maxs, false, addr, end, a + (from << 3), a, sumAt, extremesAt)
    else everyRow(sums, mins, maxs, true, addr, end, sel + (from << 2), a, sumAt, extremesAt)
  } else if (sel == 0) {
    validRow(sums, mins, maxs, false, addr, end, 0, from, a, validity, sumAt, extremesAt)
  } else validRow(sums, mins, maxs, true, addr, end, sel + (from << 2), 0, a, validity, sumAt, extremesAt)
}
