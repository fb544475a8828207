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
