// HyperLogLog (12 bits of index, abi.ts "registers"). A record begins with the set of the hashes themselves, which is
// exact and small; when that would take as much room as the registers, the caller turns it into registers.

import { BUFFER_ADDRESS, BUFFER_CAPACITY } from './abi'
import { bitsOf, mix } from './hash'
import { insertNonZero } from './hash-set'
import { hasValue, rowAt } from './rows'

// The finaliser of MurmurHash3: every bit of the word reaches every other.
// @ts-ignore: decorator
@inline
function avalanche(word: u32): u32 {
  word = (word ^ (word >> 16)) * 0x85ebca6b
  word = (word ^ (word >> 13)) * 0xc2b2ae35
  return word ^ (word >> 16)
}

/** 64 bits that any value of 64 bits is spread over evenly; never 0, which would be an empty slot. */
// @ts-ignore: decorator
@inline
function wideHash(value: u64): u64 {
  const low = <u32>value
  const high = <u32>(value >> 32)
  const index = avalanche(low ^ mix(high))
  const rest = avalanche(mix(low + 0x3c6ef372) ^ (high * 0x27d4eb2f + 0x165667b1))
  const hash = (<u64>index << 32) | <u64>rest
  return hash == 0 ? 1 : hash
}

// @ts-ignore: decorator
@inline
function raise(registers: usize, hash: u64): void {
  const register = registers + <usize>(hash >> 52)
  const rank = <u8>(clz(<u32>hash) + 1)
  if (rank > load<u8>(register)) store<u8>(register, rank)
}

/** false: the set has no room. */
// @ts-ignore: decorator
@inline
function note(field: usize, hash: u64): bool {
  if (load<u32>(field, BUFFER_CAPACITY) != 0) return insertNonZero(field, hash)
  const registers = load<usize>(field, BUFFER_ADDRESS)
  if (registers == 0) return false
  raise(registers, hash)
  return true
}

// @ts-ignore: decorator
@inline
function eachRow<T>(
  looksUp: bool,
  selected: bool,
  nullable: bool,
  addr: usize,
  sel: usize,
  from: usize,
  m: usize,
  a: usize,
  validity: usize,
  at: usize,
  table: usize,
): i32 {
  for (let j = from; j < m; j++, addr += 4) {
    const row = rowAt(selected, sel, j)
    if (nullable && !hasValue(validity, row)) continue
    const bits = bitsOf<T>(a, row)
    const hash = wideHash(looksUp ? load<u64>(table + (<usize>bits << 3)) : bits)
    if (!note(load<usize>(addr) + at, hash)) return <i32>j
  }
  return <i32>m
}

// @ts-ignore: decorator
@inline
function accumulate<T>(
  looksUp: bool,
  addr: usize,
  sel: usize,
  from: usize,
  m: usize,
  a: usize,
  validity: usize,
  at: usize,
  table: usize,
): i32 {
  if (sel == 0) {
    if (validity == 0) return eachRow<T>(looksUp, false, false, addr, sel, from, m, a, validity, at, table)
    return eachRow<T>(looksUp, false, true, addr, sel, from, m, a, validity, at, table)
  }
  if (validity == 0) return eachRow<T>(looksUp, true, false, addr, sel, from, m, a, validity, at, table)
  return eachRow<T>(looksUp, true, true, addr, sel, from, m, a, validity, at, table)
}

export function accumulateApproxDistinctF64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  at: i32,
): i32 {
  return accumulate<f64>(false, addr, sel, from, m, a, validity, at, 0)
}

export function accumulateApproxDistinct8(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  at: i32,
): i32 {
  return accumulate<u64>(false, addr, sel, from, m, a, validity, at, 0)
}

export function accumulateApproxDistinctCodes(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  codes: usize,
  validity: usize,
  at: i32,
  table: usize,
): i32 {
  return accumulate<u32>(true, addr, sel, from, m, codes, validity, at, table)
}

export function raiseRegisters(slots: usize, capacity: i32, registers: usize): void {
  for (const end = slots + (<usize>capacity << 3); slots < end; slots += 8) {
    const hash = load<u64>(slots)
    if (hash != 0) raise(registers, hash)
  }
}

export function maxU8(a: usize, n: i32, out: usize): void {
  const end = a + n
  for (; a + 16 <= end; a += 16, out += 16) v128.store(out, i8x16.max_u(v128.load(out), v128.load(a)))
  for (; a < end; a++, out++) store<u8>(out, max(load<u8>(out), load<u8>(a)))
}

export function combineHashes(dst: usize, src: usize, at: i32): i32 {
  const field = dst + at
  const taken = src + at
  let slot = load<usize>(taken, BUFFER_ADDRESS)
  for (const end = slot + (<usize>load<u32>(taken, BUFFER_CAPACITY) << 3); slot < end; slot += 8) {
    const hash = load<u64>(slot)
    if (hash != 0 && !note(field, hash)) return 0
  }
  return 1
}
