// First and last value by arrival (abi.ts EDGE_*): the column's bytes as they are, and the arrival number of their row.

import { EDGE_RANK, EDGE_VALUE } from './abi'
import { hasValue, rowAt } from './rows'

// @ts-ignore: decorator
@inline
function eachRow<T>(
  first: bool,
  selected: bool,
  nullable: bool,
  addr: usize,
  sel: usize,
  from: usize,
  m: usize,
  a: usize,
  validity: usize,
  rank: f64,
  at: usize,
): void {
  for (let j = from; j < m; j++, addr += 4) {
    const row = rowAt(selected, sel, j)
    if (nullable && !hasValue(validity, row)) continue
    const field = load<usize>(addr) + at
    if (first && load<f64>(field, EDGE_RANK) != 0) continue
    store<u64>(field, <u64>load<T>(a + row * sizeof<T>()), EDGE_VALUE)
    store<f64>(field, rank + <f64>row, EDGE_RANK)
  }
}

// @ts-ignore: decorator
@inline
function accumulate<T>(
  first: bool,
  addr: usize,
  sel: usize,
  from: usize,
  m: usize,
  a: usize,
  validity: usize,
  rank: f64,
  at: usize,
): void {
  if (sel == 0) {
    if (validity == 0) eachRow<T>(first, false, false, addr, sel, from, m, a, validity, rank, at)
    else eachRow<T>(first, false, true, addr, sel, from, m, a, validity, rank, at)
  } else if (validity == 0) eachRow<T>(first, true, false, addr, sel, from, m, a, validity, rank, at)
  else eachRow<T>(first, true, true, addr, sel, from, m, a, validity, rank, at)
}

export function accumulateFirst8(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  rank: f64,
  at: i32,
): void {
  accumulate<u64>(true, addr, sel, from, m, a, validity, rank, at)
}

export function accumulateLast8(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  rank: f64,
  at: i32,
): void {
  accumulate<u64>(false, addr, sel, from, m, a, validity, rank, at)
}

export function accumulateFirst4(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  rank: f64,
  at: i32,
): void {
  accumulate<u32>(true, addr, sel, from, m, a, validity, rank, at)
}

export function accumulateLast4(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  rank: f64,
  at: i32,
): void {
  accumulate<u32>(false, addr, sel, from, m, a, validity, rank, at)
}

// @ts-ignore: decorator
@inline
function copyEdge(field: usize, taken: usize): void {
  store<u64>(field, load<u64>(taken, EDGE_VALUE), EDGE_VALUE)
  store<f64>(field, load<f64>(taken, EDGE_RANK), EDGE_RANK)
}

export function combineFirst(dst: usize, src: usize, m: i32, at: i32): void {
  for (const end = dst + (<usize>m << 2); dst < end; dst += 4, src += 4) {
    const field = load<usize>(dst) + at
    const taken = load<usize>(src) + at
    const rank = load<f64>(taken, EDGE_RANK)
    const known = load<f64>(field, EDGE_RANK)
    if (rank != 0 && (known == 0 || rank < known)) copyEdge(field, taken)
  }
}

export function combineLast(dst: usize, src: usize, m: i32, at: i32): void {
  for (const end = dst + (<usize>m << 2); dst < end; dst += 4, src += 4) {
    const field = load<usize>(dst) + at
    const taken = load<usize>(src) + at
    if (load<f64>(taken, EDGE_RANK) > load<f64>(field, EDGE_RANK)) copyEdge(field, taken)
  }
}
