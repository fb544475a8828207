// The loop of sum, least and greatest of one f64 column. Any of the three in one pass: a record's cache line comes once.
// Of least and greatest together, the greatest stands right after the least.

import { EXTREME_BYTES, SUM_F64_CARRY, SUM_F64_SUM } from './abi'
import { hasValue, isOneRecord, STRETCH } from './rows'

const STRETCH_BYTES: usize = STRETCH << 2
/** Where rows in lanes are fewer than 32, the next 512 are taken the other way. */
const FEW_BYTES: usize = 32 << 2
const MANY_BYTES: usize = 512 << 2

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
function addCompensated(field: usize, value: f64): void {
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

/** The least of two lists of values without NaN, lane by lane; -0 is below 0. */
// @ts-ignore: decorator
@inline
function lesser(x: v128, y: v128): v128 {
  return v128.or(f64x2.pmin(x, y), v128.and(y, f64x2.eq(y, x)))
}

/**
 * Eight values side by side for one record, whose fields stay in registers meanwhile: from row to row, each would wait for
 * the one before to be written. Values are added in their order. False, and nothing is done: one of them is NaN.
 */
// @ts-ignore: decorator
@inline
function takeTogether(sums: bool, mins: bool, maxs: bool, record: usize, at: usize, sumAt: usize, extremesAt: usize): bool {
  if (mins || maxs) {
    const x = v128.load(at)
    const y = v128.load(at, 16)
    const z = v128.load(at, 32)
    const w = v128.load(at, 48)
    const numbers = v128.and(
      v128.and(f64x2.eq(x, x), f64x2.eq(y, y)),
      v128.and(f64x2.eq(z, z), f64x2.eq(w, w)),
    )
    if (!i64x2.all_true(numbers)) return false
    if (mins) {
      const least = lesser(lesser(x, y), lesser(z, w))
      widenBy(true, false, record + extremesAt, f64x2.extract_lane(least, 0))
      widenBy(true, false, record + extremesAt, f64x2.extract_lane(least, 1))
    }
    if (maxs) {
      const flip = f64x2.splat(-0.0)
      const greatestAt = record + extremesAt + (mins ? <usize>EXTREME_BYTES : 0)
      const greatest = v128.xor(
        lesser(
          lesser(v128.xor(x, flip), v128.xor(y, flip)),
          lesser(v128.xor(z, flip), v128.xor(w, flip)),
        ),
        flip,
      )
      widenBy(false, true, greatestAt, f64x2.extract_lane(greatest, 0))
      widenBy(false, true, greatestAt, f64x2.extract_lane(greatest, 1))
    }
  }
  if (sums) {
    const field = record + sumAt
    let sum = load<f64>(field, SUM_F64_SUM)
    let carry = load<f64>(field, SUM_F64_CARRY)
    for (let i: usize = 0; i < STRETCH; i++, at += 8) {
      const value = load<f64>(at)
      const total = sum + value
      const part = total - sum
      carry += sum - (total - part) + (value - part)
      sum = total
    }
    store<f64>(field, sum, SUM_F64_SUM)
    store<f64>(field, carry, SUM_F64_CARRY)
  }
  return true
}

/** Rows up to `end`, two a turn: they share the test for NaN, which a sum of values tells, and the cost of the loop. */
// @ts-ignore: decorator
@inline
function rowByRow(
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

/** Adds to the sums of two records, lane by lane as `addCompensated` does. */
// @ts-ignore: decorator
@inline
function addBoth(field: usize, field2: usize, values: v128): void {
  const first = v128.load(field)
  const second = v128.load(field2)
  const sum = v128.shuffle<f64>(first, second, 0, 2)
  const carry = v128.shuffle<f64>(first, second, 1, 3)
  const total = f64x2.add(sum, values)
  const part = f64x2.sub(total, sum)
  const error = f64x2.add(f64x2.sub(sum, f64x2.sub(total, part)), f64x2.sub(values, part))
  const carries = f64x2.add(carry, error)
  v128.store(field, v128.shuffle<f64>(total, carries, 0, 2))
  v128.store(field2, v128.shuffle<f64>(total, carries, 1, 3))
}

/** `widenBy` a value, in both lanes, that is neither NaN nor zero: no two that are equal differ in their bits. */
// @ts-ignore: decorator
@inline
function widenByPlain(mins: bool, maxs: bool, field: usize, given: v128): void {
  if (mins && maxs) {
    const kept = v128.load(field)
    v128.store(field, v128.shuffle<f64>(f64x2.pmin(given, kept), f64x2.pmax(given, kept), 0, 3))
  } else {
    const kept = v128.load64_zero(field)
    v128.store64_lane(field, mins ? f64x2.pmin(given, kept) : f64x2.pmax(given, kept), 0)
  }
}

/**
 * Two rows in two lanes for as long as they are of two records and have values that are neither NaN nor zero, as their
 * product tells. Returns where that stopped.
 */
// @ts-ignore: decorator
@inline
function inLanes(
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
): usize {
  for (; addr + 8 <= end; addr += 8, at += selected ? 8 : 16) {
    const record = load<usize>(addr)
    const record2 = load<usize>(addr, 4)
    const value = v128.load64_splat(selected ? a + (<usize>load<u32>(at) << 3) : at)
    const value2 = v128.load64_splat(selected ? a + (<usize>load<u32>(at, 4) << 3) : at + 8)
    if (sums && record == record2) break
    if ((mins || maxs) && !(abs<f64>(f64x2.extract_lane(f64x2.mul(value, value2), 0)) > 0)) break
    if (sums) addBoth(record + sumAt, record2 + sumAt, v128.shuffle<f64>(value, value2, 0, 2))
    if (mins || maxs) {
      widenByPlain(mins, maxs, record + extremesAt, value)
      widenByPlain(mins, maxs, record2 + extremesAt, value2)
    }
  }
  return addr
}

/** In lanes where that goes on for a while: a branch that is guessed wrong costs as much as several rows. */
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
  while (addr < end) {
    const stopped = inLanes(sums, mins, maxs, selected, addr, end, at, a, sumAt, extremesAt)
    at += selected ? stopped - addr : (stopped - addr) << 1
    const stop = min(end, stopped + (stopped - addr < FEW_BYTES ? MANY_BYTES : 8))
    rowByRow(sums, mins, maxs, selected, stopped, stop, at, a, sumAt, extremesAt)
    at += selected ? stop - stopped : (stop - stopped) << 1
    addr = stop
  }
}

/** Rows of a batch that begins with one record are taken together for as long as they can be, eight otherwise. */
// @ts-ignore: decorator
@inline
function oneRecordOrMany(
  sums: bool,
  mins: bool,
  maxs: bool,
  addr: usize,
  end: usize,
  at: usize,
  sumAt: usize,
  extremesAt: usize,
): void {
  const isOne = addr + STRETCH_BYTES <= end && isOneRecord(addr)
  let stop = end
  while (addr < end) {
    if (isOne) {
      while (
        addr + STRETCH_BYTES <= end &&
        isOneRecord(addr) &&
        takeTogether(sums, mins, maxs, load<usize>(addr), at, sumAt, extremesAt)
      ) {
        addr += STRETCH_BYTES
        at += STRETCH << 3
      }
      stop = min(end, addr + STRETCH_BYTES)
    }
    everyRow(sums, mins, maxs, false, addr, stop, at, 0, sumAt, extremesAt)
    at += (stop - addr) << 1
    addr = stop
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
    if (sel == 0) oneRecordOrMany(sums, mins, maxs, addr, end, a + (from << 3), sumAt, extremesAt)
    else everyRow(sums, mins, maxs, true, addr, end, sel + (from << 2), a, sumAt, extremesAt)
  } else if (sel == 0) {
    validRow(sums, mins, maxs, false, addr, end, 0, from, a, validity, sumAt, extremesAt)
  } else validRow(sums, mins, maxs, true, addr, end, sel + (from << 2), 0, a, validity, sumAt, extremesAt)
}
