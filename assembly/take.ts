// Gathers the selected rows of a column.

import { hasValue } from './rows'

// @ts-ignore: decorator
@inline
function take<T>(src: usize, sel: usize, m: i32, out: usize): void {
  const shift = alignof<T>()
  for (const end = sel + (<usize>m << 2); sel < end; sel += 4, out += sizeof<T>()) {
    store<T>(out, load<T>(src + (<usize>load<u32>(sel) << shift)))
  }
}

export function take1(src: usize, sel: usize, m: i32, out: usize): void {
  take<u8>(src, sel, m, out)
}

export function take4(src: usize, sel: usize, m: i32, out: usize): void {
  take<u32>(src, sel, m, out)
}

export function take8(src: usize, sel: usize, m: i32, out: usize): void {
  take<u64>(src, sel, m, out)
}

/** A byte of eight bits a turn. */
export function takeBits(bits: usize, sel: usize, m: i32, bitsOut: usize): void {
  for (const end = sel + (<usize>m << 2); sel < end; ++bitsOut) {
    let byte: u32 = 0
    for (let bit: u32 = 0; bit < 8 && sel < end; ++bit, sel += 4) byte |= <u32>hasValue(bits, load<u32>(sel)) << bit
    store<u8>(bitsOut, <u8>byte)
  }
}
