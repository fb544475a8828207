// Least and greatest of an i64 column. The field starts as the greatest or least i64; a count tells whether there was any.

import { hasValue, rowAt } from './rows'

// @ts-ignore: decorator
@inline
function keep(least: bool, field: usize, value: i64): void {
  const kept = load<i64>(field)
  store<i64>(field, least ? min(kept, value) : max(kept, value))
}

// @ts-ignore: decorator
@inline
function eachRow(
  least: bool,
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
    keep(least, load<usize>(addr) + at, load<i64>(a + (row << 3)))
  }
}

// @ts-ignore: decorator
@inline
function accumulate(
  least: bool,
  addr: usize,
  sel: usize,
  from: usize,
  m: usize,
  a: usize,
  validity: usize,
  at: usize,
): void {
  if (sel == 0) {
    if (validity == 0) eachRow(least, false, false, addr, sel, from, m, a, validity, at)
    else eachRow(least, false, true, addr, sel, from, m, a, validity, at)
  } else if (validity == 0) eachRow(least, true, false, addr, sel, from, m, a, validity, at)
  else eachRow(least, true, true, addr, sel, from, m, a, validity, at)
}

export function accumulateMinI64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  at: i32,
): void {
  accumulate(true, addr, sel, from, m, a, validity, at)
}

export function accumulateMaxI64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  at: i32,
): void {
  accumulate(false, addr, sel, from, m, a, validity, at)
}

export function combineMinI64(dst: usize, src: usize, m: i32, at: i32): void {
  for (const end = dst + (<usize>m << 2); dst < end; dst += 4, src += 4) {
    keep(true, load<usize>(dst) + at, load<i64>(load<usize>(src) + at))
  }
}

export function combineMaxI64(dst: usize, src: usize, m: i32, at: i32): void {
  for (const end = dst + (<usize>m << 2); dst < end; dst += 4, src += 4) {
    keep(false, load<usize>(dst) + at, load<i64>(load<usize>(src) + at))
  }
}
