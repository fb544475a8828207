// Looks the codes of a column up in a table.

import { hasValue, rowAt } from './rows'

// @ts-ignore: decorator
@inline
function lookup<T>(table: usize, codes: usize, n: i32, out: usize): void {
  const shift = alignof<T>()
  for (const end = codes + (<usize>n << 2); codes < end; codes += 4, out += sizeof<T>()) {
    store<T>(out, load<T>(table + (<usize>load<u32>(codes) << shift)))
  }
}

export function lookup1(table: usize, codes: usize, n: i32, out: usize): void {
  lookup<u8>(table, codes, n, out)
}

export function lookup4(table: usize, codes: usize, n: i32, out: usize): void {
  lookup<u32>(table, codes, n, out)
}

export function lookup8(table: usize, codes: usize, n: i32, out: usize): void {
  lookup<u64>(table, codes, n, out)
}

/** A byte of eight bits a turn. */
export function lookupBits(tableBits: usize, codes: usize, n: i32, bitsOut: usize): void {
  for (const end = codes + (<usize>n << 2); codes < end; ++bitsOut) {
    let byte: u32 = 0
    for (let bit: u32 = 0; bit < 8 && codes < end; ++bit, codes += 4) {
      byte |= <u32>hasValue(tableBits, load<u32>(codes)) << bit
    }
    store<u8>(bitsOut, <u8>byte)
  }
}

export function translateCodes(positions: usize, n: i32, table: usize, length: i32): i32 {
  let at = positions
  for (const end = positions + (<usize>n << 2); at < end; at += 4) {
    const position = load<u32>(at)
    if (position >= <u32>length) break
    const code = load<u32>(table + (<usize>position << 2))
    if (code == 0) break
    store<u32>(at, code)
  }
  return <i32>((at - positions) >> 2)
}

/** Writes 1 to `table`, a byte for each of `length` codes, where a row r = sel[j] (r = j without one), j < m, has that code. */
export function touchCodes(codes: usize, sel: usize, m: i32, table: usize, length: i32): void {
  if (sel == 0) touch(false, codes, sel, m, table, length)
  else touch(true, codes, sel, m, table, length)
}

// @ts-ignore: decorator
@inline
function touch(selected: bool, codes: usize, sel: usize, m: i32, table: usize, length: i32): void {
  for (let j = 0; j < m; j++) {
    const code = load<u32>(codes + (rowAt(selected, sel, <usize>j) << 2))
    if (code < <u32>length) store<u8>(table + code, 1)
  }
}

/** Sixteen rows a turn. A position is below `length` when the lesser of it and length - 1 is itself. */
export function shiftCodes(positions: usize, n: i32, length: i32, base: i32): i32 {
  if (length <= 0) return 0
  const last = i32x4.splat(length - 1)
  const bases = i32x4.splat(base)
  let at = positions
  const end = positions + (<usize>n << 2)
  for (; at + 64 <= end; at += 64) {
    const a = v128.load(at)
    const b = v128.load(at, 16)
    const c = v128.load(at, 32)
    const d = v128.load(at, 48)
    const greatest = i32x4.max_u(i32x4.max_u(a, b), i32x4.max_u(c, d))
    if (!i32x4.all_true(i32x4.eq(i32x4.min_u(greatest, last), greatest))) break
    v128.store(at, i32x4.add(a, bases))
    v128.store(at, i32x4.add(b, bases), 16)
    v128.store(at, i32x4.add(c, bases), 32)
    v128.store(at, i32x4.add(d, bases), 48)
  }
  for (; at < end; at += 4) {
    const position = load<u32>(at)
    if (position >= <u32>length) break
    store<u32>(at, position + base)
  }
  return <i32>((at - positions) >> 2)
}
