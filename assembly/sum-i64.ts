// Sum of an i64 column, checked: it stops in front of the row that would leave the range.

import { hasValue, rowAt } from './rows'

/** Adds and returns true, or leaves the field alone and returns false: both operands differ in sign from the result. */
// @ts-ignore: decorator
@inline
function add(field: usize, value: i64): bool {
  const sum = load<i64>(field)
  const total = sum + value
  if (((sum ^ total) & (value ^ total)) < 0) return false
  store<i64>(field, total)
  return true
}

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
): i32 {
  for (let j = from; j < m; j++, addr += 4) {
    const row = rowAt(selected, sel, j)
    if (nullable && !hasValue(validity, row)) continue
    if (!add(load<usize>(addr) + at, load<i64>(a + (row << 3)))) return <i32>j
  }
  return <i32>m
}

export function accumulateSumI64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  at: i32,
): i32 {
  if (sel == 0) {
    if (validity == 0) return eachRow(false, false, addr, sel, from, m, a, validity, at)
    return eachRow(false, true, addr, sel, from, m, a, validity, at)
  }
  if (validity == 0) return eachRow(true, false, addr, sel, from, m, a, validity, at)
  return eachRow(true, true, addr, sel, from, m, a, validity, at)
}

export function combineSumI64(dst: usize, src: usize, m: i32, at: i32): i32 {
  for (let j = 0; j < m; j++, dst += 4, src += 4) {
    if (!add(load<usize>(dst) + at, load<i64>(load<usize>(src) + at))) return j
  }
  return m
}
