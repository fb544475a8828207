// The value that stands beside the least or greatest of another column (abi.ts ARG_*): the first of equals.

import { ARG_BY, ARG_RANK, ARG_VALUE } from './abi'
import { hasValue, isOneRecord, rowAt, STRETCH } from './rows'

/** Whether `given` takes the place of `kept`. A NaN gives way to any number. */
// @ts-ignore: decorator
@inline
function replaces<T>(greatest: bool, given: T, kept: T): bool {
  if (isFloat<T>() && kept != kept) return given == given
  return greatest ? given > kept : given < kept
}

// @ts-ignore: decorator
@inline
function replacing<T>(greatest: bool, given: v128, kept: v128): v128 {
  if (isFloat<T>()) return greatest ? f64x2.gt(given, kept) : f64x2.lt(given, kept)
  return greatest ? i64x2.gt_s(given, kept) : i64x2.lt_s(given, kept)
}

/** Whether none of eight values takes the place of what the field has. */
// @ts-ignore: decorator
@inline
function noneReplaces<T>(greatest: bool, by: usize, field: usize): bool {
  const known = load<T>(field, ARG_BY)
  if (load<f64>(field, ARG_RANK) == 0 || known != known) return false
  const kept = v128.load64_splat(field, ARG_BY)
  const found = v128.or(
    v128.or(replacing<T>(greatest, v128.load(by), kept), replacing<T>(greatest, v128.load(by, 16), kept)),
    v128.or(replacing<T>(greatest, v128.load(by, 32), kept), replacing<T>(greatest, v128.load(by, 48), kept)),
  )
  return !v128.any_true(found)
}

/** In a batch that begins with one record, and without selection and nulls, eight rows are looked at together: new extremes are rare. */
// @ts-ignore: decorator
@inline
function eachRow<T>(
  greatest: bool,
  wide: bool,
  addr: usize,
  sel: usize,
  from: usize,
  m: usize,
  by: usize,
  validity: usize,
  a: usize,
  rank: f64,
  at: usize,
): void {
  const isOne = sel == 0 && validity == 0 && from + STRETCH <= m && isOneRecord(addr)
  for (let j = from; j < m; j++, addr += 4) {
    if (isOne) {
      while (
        j + STRETCH <= m &&
        isOneRecord(addr) &&
        noneReplaces<T>(greatest, by + (j << 3), load<usize>(addr) + at)
      ) {
        j += STRETCH
        addr += STRETCH << 2
      }
      if (j == m) break
    }
    const row = rowAt(sel != 0, sel, j)
    if (validity != 0 && !hasValue(validity, row)) continue
    const field = load<usize>(addr) + at
    const given = load<T>(by + (row << 3))
    if (load<f64>(field, ARG_RANK) != 0 && !replaces<T>(greatest, given, load<T>(field, ARG_BY))) continue
    store<T>(field, given, ARG_BY)
    store<u64>(field, wide ? load<u64>(a + (row << 3)) : <u64>load<u32>(a + (row << 2)), ARG_VALUE)
    store<f64>(field, rank + <f64>row, ARG_RANK)
  }
}

// @ts-ignore: decorator
@inline
function accumulate<T>(
  addr: usize,
  sel: usize,
  from: usize,
  m: usize,
  by: usize,
  validity: usize,
  a: usize,
  wide: i32,
  greatest: i32,
  rank: f64,
  at: usize,
): void {
  if (greatest) {
    if (wide) eachRow<T>(true, true, addr, sel, from, m, by, validity, a, rank, at)
    else eachRow<T>(true, false, addr, sel, from, m, by, validity, a, rank, at)
  } else if (wide) eachRow<T>(false, true, addr, sel, from, m, by, validity, a, rank, at)
  else eachRow<T>(false, false, addr, sel, from, m, by, validity, a, rank, at)
}

export function accumulateArgF64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  by: usize,
  validity: usize,
  a: usize,
  wide: i32,
  greatest: i32,
  rank: f64,
  at: i32,
): void {
  accumulate<f64>(addr, sel, from, m, by, validity, a, wide, greatest, rank, at)
}

export function accumulateArgI64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  by: usize,
  validity: usize,
  a: usize,
  wide: i32,
  greatest: i32,
  rank: f64,
  at: i32,
): void {
  accumulate<i64>(addr, sel, from, m, by, validity, a, wide, greatest, rank, at)
}

// @ts-ignore: decorator
@inline
function combine<T>(greatest: bool, dst: usize, src: usize, m: i32, at: usize): void {
  for (const end = dst + (<usize>m << 2); dst < end; dst += 4, src += 4) {
    const field = load<usize>(dst) + at
    const taken = load<usize>(src) + at
    const rank = load<f64>(taken, ARG_RANK)
    if (rank == 0) continue
    const given = load<T>(taken, ARG_BY)
    const known = load<f64>(field, ARG_RANK)
    if (known != 0) {
      const kept = load<T>(field, ARG_BY)
      const comesFirst = rank < known && !replaces<T>(greatest, kept, given)
      if (!comesFirst && !replaces<T>(greatest, given, kept)) continue
    }
    store<T>(field, given, ARG_BY)
    store<u64>(field, load<u64>(taken, ARG_VALUE), ARG_VALUE)
    store<f64>(field, rank, ARG_RANK)
  }
}

export function combineArgF64(dst: usize, src: usize, m: i32, greatest: i32, at: i32): void {
  if (greatest) combine<f64>(true, dst, src, m, at)
  else combine<f64>(false, dst, src, m, at)
}

export function combineArgI64(dst: usize, src: usize, m: i32, greatest: i32, at: i32): void {
  if (greatest) combine<i64>(true, dst, src, m, at)
  else combine<i64>(false, dst, src, m, at)
}
