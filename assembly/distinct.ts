// Sets of values outside of the records (abi.ts "hash set"): what an exact count of distinct values is the size of.

import { BUFFER_ADDRESS, BUFFER_CAPACITY, BUFFER_COUNT, SET_ZERO } from './abi'
import { bitsOf, hash64 } from './hash'
import { insertNonZero } from './hash-set'
import { hasValue, rowAt } from './rows'

// @ts-ignore: decorator
@inline
function insert(field: usize, value: u64): bool {
  if (value != 0) return insertNonZero(field, value)
  if (load<f64>(field, SET_ZERO) == 0) {
    store<f64>(field, 1, SET_ZERO)
    store<f64>(field, load<f64>(field, BUFFER_COUNT) + 1, BUFFER_COUNT)
  }
  return true
}

// @ts-ignore: decorator
@inline
function eachRow<T>(
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
    if (!insert(load<usize>(addr) + at, bitsOf<T>(a, row))) return <i32>j
  }
  return <i32>m
}

/** The rows that have a value, found in 64 bits of the bitmap at a time: which rows have one is hard to foretell. */
// @ts-ignore: decorator
@inline
function eachValid<T>(addr: usize, from: usize, m: usize, a: usize, validity: usize, at: usize): i32 {
  for (let first = from & ~63; first < m; first += 64) {
    let bits: u64 = 0
    const bytes = min<usize>(8, (m - first + 7) >> 3)
    if (bytes == 8) bits = load<u64>(validity + (first >> 3))
    else for (let i: usize = 0; i < bytes; i++) bits |= <u64>load<u8>(validity + (first >> 3) + i) << (i << 3)
    if (first < from) bits &= ~(<u64>0) << (from - first)
    if (m - first < 64) bits &= ((<u64>1) << (m - first)) - 1
    for (; bits != 0; bits &= bits - 1) {
      const row = first + <usize>ctz(bits)
      if (!insert(load<usize>(addr + ((row - from) << 2)) + at, bitsOf<T>(a, row))) return <i32>row
    }
  }
  return <i32>m
}

// @ts-ignore: decorator
@inline
function accumulate<T>(
  addr: usize,
  sel: usize,
  from: usize,
  m: usize,
  a: usize,
  validity: usize,
  at: usize,
): i32 {
  if (sel == 0) {
    if (validity == 0) return eachRow<T>(false, false, addr, sel, from, m, a, validity, at)
    return eachValid<T>(addr, from, m, a, validity, at)
  }
  if (validity == 0) return eachRow<T>(true, false, addr, sel, from, m, a, validity, at)
  return eachRow<T>(true, true, addr, sel, from, m, a, validity, at)
}

export function accumulateDistinctF64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  at: i32,
): i32 {
  return accumulate<f64>(addr, sel, from, m, a, validity, at)
}

export function accumulateDistinct8(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  at: i32,
): i32 {
  return accumulate<u64>(addr, sel, from, m, a, validity, at)
}

export function accumulateDistinct4(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  at: i32,
): i32 {
  return accumulate<u32>(addr, sel, from, m, a, validity, at)
}

export function combineDistinct(dst: usize, src: usize, from: i32, m: i32, at: i32): i32 {
  for (let j = from; j < m; j++, dst += 4, src += 4) {
    const field = load<usize>(dst) + at
    const taken = load<usize>(src) + at
    let slot = load<usize>(taken, BUFFER_ADDRESS)
    for (const end = slot + (<usize>load<u32>(taken, BUFFER_CAPACITY) << 3); slot < end; slot += 8) {
      const value = load<u64>(slot)
      if (value != 0 && !insertNonZero(field, value)) return j
    }
    if (load<f64>(taken, SET_ZERO) != 0) insert(field, 0)
  }
  return m
}

export function rehashSet(slots: usize, capacity: i32, out: usize, outCapacity: i32): void {
  const mask = <u32>outCapacity - 1
  for (const end = slots + (<usize>capacity << 3); slots < end; slots += 8) {
    const value = load<u64>(slots)
    if (value == 0) continue
    let at = <u32>value & mask
    if (load<u64>(out + (<usize>at << 3)) != 0) {
      at = hash64(value) & mask
      while (load<u64>(out + (<usize>at << 3)) != 0) at = (at + 1) & mask
    }
    store<u64>(out + (<usize>at << 3), value)
  }
}
