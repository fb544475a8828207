// Row by row one of two columns, as a mask (0 or 1) says.

import { bitsOfMask } from './narrow'

export function choose1(mask: usize, a: usize, b: usize, n: i32, out: usize): void {
  let i: usize = 0
  for (; i + 16 <= <usize>n; i += 16) {
    const taken = i8x16.neg(v128.load(mask + i))
    v128.store(out + i, v128.bitselect(v128.load(a + i), v128.load(b + i), taken))
  }
  for (; i < <usize>n; ++i) store<u8>(out + i, load<u8>(mask + i) ? load<u8>(a + i) : load<u8>(b + i))
}

/** Four mask bytes → four lanes of 32 bits, all ones or all zeros. */
// @ts-ignore: decorator
@inline
function fourLanes(mask: usize): v128 {
  return i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(i8x16.neg(v128.load32_zero(mask))))
}

export function choose4(mask: usize, a: usize, b: usize, n: i32, out: usize): void {
  const end = out + (<usize>n << 2)
  for (; out + 16 <= end; mask += 4, a += 16, b += 16, out += 16) {
    v128.store(out, v128.bitselect(v128.load(a), v128.load(b), fourLanes(mask)))
  }
  for (; out < end; ++mask, a += 4, b += 4, out += 4) {
    store<u32>(out, load<u8>(mask) ? load<u32>(a) : load<u32>(b))
  }
}

export function choose8(mask: usize, a: usize, b: usize, n: i32, out: usize): void {
  const end = out + (<usize>n << 3)
  for (; out + 32 <= end; mask += 4, a += 32, b += 32, out += 32) {
    const taken = fourLanes(mask)
    const low = v128.bitselect(v128.load(a), v128.load(b), i64x2.extend_low_i32x4_s(taken))
    const high = v128.bitselect(v128.load(a, 16), v128.load(b, 16), i64x2.extend_high_i32x4_s(taken))
    v128.store(out, low)
    v128.store(out, high, 16)
  }
  for (; out < end; ++mask, a += 8, b += 8, out += 8) {
    store<u64>(out, load<u8>(mask) ? load<u64>(a) : load<u64>(b))
  }
}

export function chooseBits(mask: usize, a: usize, b: usize, n: i32, bitsOut: usize): void {
  const end = mask + n
  for (; mask + 16 <= end; mask += 16, a += 2, b += 2, bitsOut += 2) {
    const taken = bitsOfMask(v128.load(mask))
    store<u16>(bitsOut, <u16>((load<u16>(a) & taken) | (load<u16>(b) & ~taken)))
  }
  for (; mask < end; ++a, ++b, ++bitsOut) {
    const first = load<u8>(a)
    const second = load<u8>(b)
    let byte: u32 = 0
    for (let bit: u32 = 0; bit < 8 && mask < end; ++bit, ++mask) {
      byte |= ((load<u8>(mask) ? first : second) as u32) & (1 << bit)
    }
    store<u8>(bitsOut, <u8>byte)
  }
}
