// Packing key columns into key words, and key words back into columns.

import { KEYS_KEYS, KEYS_WORDS } from './abi'
import { hasValue, rowAt } from './rows'

const ONE_NAN: u64 = 0x7ff8000000000000
const ONE_NAN_F32: u32 = 0x7fc00000

/** What a number is as a key: equal numbers have equal bits, and there is one NaN. */
// @ts-ignore: decorator
@inline
function keyBits(value: f64): u64 {
  return value == value ? reinterpret<u64>(value + 0) : ONE_NAN
}

// @ts-ignore: decorator
@inline
function keyBitsF32(value: f32): u32 {
  return value == value ? reinterpret<u32>(value + 0) : ONE_NAN_F32
}

// Generic over the column's element; a float stands for its canonical bits.
// @ts-ignore: decorator
@inline
function pack<T>(
  selected: bool,
  nullable: bool,
  a: usize,
  validity: usize,
  sel: usize,
  m: usize,
  packed: usize,
  words: usize,
  at: usize,
): void {
  let key = packed + (at << 2)
  for (let j: usize = 0; j < m; j++, key += words << 2) {
    const row = rowAt(selected, sel, j)
    const isThere = nullable ? hasValue(validity, row) : true
    if (isFloat<T>()) {
      if (sizeof<T>() == 8) store<u64>(key, isThere ? keyBits(load<f64>(a + (row << 3))) : 0)
      else store<u32>(key, isThere ? keyBitsF32(load<f32>(a + (row << 2))) : 0)
    } else if (sizeof<T>() == 8) store<u64>(key, isThere ? load<u64>(a + (row << 3)) : 0)
    else store<u32>(key, isThere ? <u32>load<T>(a + row * sizeof<T>()) : 0)
  }
}

// @ts-ignore: decorator
@inline
function packColumn<T>(a: usize, validity: usize, sel: usize, m: i32, packed: usize, words: i32, at: i32): void {
  if (sel == 0) {
    if (validity == 0) pack<T>(false, false, a, validity, sel, m, packed, words, at)
    else pack<T>(false, true, a, validity, sel, m, packed, words, at)
  } else if (validity == 0) pack<T>(true, false, a, validity, sel, m, packed, words, at)
  else pack<T>(true, true, a, validity, sel, m, packed, words, at)
}

export function packKey1(a: usize, validity: usize, sel: usize, m: i32, packed: usize, words: i32, at: i32): void {
  packColumn<u8>(a, validity, sel, m, packed, words, at)
}

export function packKey4(a: usize, validity: usize, sel: usize, m: i32, packed: usize, words: i32, at: i32): void {
  packColumn<u32>(a, validity, sel, m, packed, words, at)
}

export function packKey8(a: usize, validity: usize, sel: usize, m: i32, packed: usize, words: i32, at: i32): void {
  packColumn<u64>(a, validity, sel, m, packed, words, at)
}

export function packKeyF64(a: usize, validity: usize, sel: usize, m: i32, packed: usize, words: i32, at: i32): void {
  packColumn<f64>(a, validity, sel, m, packed, words, at)
}

export function packKeyF32(a: usize, validity: usize, sel: usize, m: i32, packed: usize, words: i32, at: i32): void {
  packColumn<f32>(a, validity, sel, m, packed, words, at)
}

export function packKeyNull(
  validity: usize,
  sel: usize,
  m: i32,
  packed: usize,
  words: i32,
  at: i32,
  bit: i32,
): void {
  if (validity == 0) return
  let key = packed + (<usize>at << 2)
  for (let j: usize = 0; j < <usize>m; j++, key += <usize>words << 2) {
    const row = sel == 0 ? j : rowAt(true, sel, j)
    store<u32>(key, load<u32>(key) | (<u32>!hasValue(validity, row) << bit))
  }
}

export function clearKeyWord(m: i32, packed: usize, words: i32, at: i32): void {
  let key = packed + (<usize>at << 2)
  for (let j = 0; j < m; j++, key += <usize>words << 2) store<u32>(key, 0)
}

// @ts-ignore: decorator
@inline
function unpack<T>(table: usize, ids: usize, m: i32, at: i32, out: usize): void {
  const bytes = load<u32>(table, KEYS_WORDS) << 2
  const keys = load<usize>(table, KEYS_KEYS) + (<usize>at << 2)
  for (const end = ids + (<usize>m << 2); ids < end; ids += 4, out += sizeof<T>()) {
    store<T>(out, load<T>(keys + load<u32>(ids) * bytes))
  }
}

export function unpackKey1(table: usize, ids: usize, m: i32, at: i32, out: usize): void {
  unpack<u8>(table, ids, m, at, out)
}

export function unpackKey4(table: usize, ids: usize, m: i32, at: i32, out: usize): void {
  unpack<u32>(table, ids, m, at, out)
}

export function unpackKey8(table: usize, ids: usize, m: i32, at: i32, out: usize): void {
  unpack<u64>(table, ids, m, at, out)
}

export function unpackKeyValid(table: usize, ids: usize, m: i32, at: i32, bit: i32, bitsOut: usize): void {
  const bytes = load<u32>(table, KEYS_WORDS) << 2
  const keys = load<usize>(table, KEYS_KEYS) + (<usize>at << 2)
  for (let j = 0; j < m; j += 8, bitsOut++) {
    let byte: u32 = 0
    for (let i = 0; i < min(8, m - j); i++, ids += 4) {
      byte |= (~(load<u32>(keys + load<u32>(ids) * bytes) >> bit) & 1) << i
    }
    store<u8>(bitsOut, <u8>byte)
  }
}
