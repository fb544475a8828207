// Bitmaps: bit i of byte i >> 3. Every bitmap written ends with zeros in the spare bits of its last byte, and no byte
// beyond that is touched.

// @ts-ignore: decorator
@inline
function bytesOf(n: i32): usize {
  return <usize>((n + 7) >> 3)
}

/** Zeros in the bits after the n-th of the last byte. */
// @ts-ignore: decorator
@inline
function clearSpareBits(bits: usize, n: i32): void {
  const used = <u32>n & 7
  if (used != 0) {
    const last = bits + (n >> 3)
    store<u8>(last, load<u8>(last) & <u8>((<u32>1 << used) - 1))
  }
}

// @ts-ignore: decorator
@inline
function both(and: bool, a: usize, b: usize, n: i32, out: usize): void {
  let to = out
  const end = out + bytesOf(n)
  for (; to + 16 <= end; a += 16, b += 16, to += 16) {
    const x = v128.load(a)
    const y = v128.load(b)
    v128.store(to, and ? v128.and(x, y) : v128.or(x, y))
  }
  for (; to < end; ++a, ++b, ++to) {
    const x = load<u8>(a)
    const y = load<u8>(b)
    store<u8>(to, and ? x & y : x | y)
  }
  clearSpareBits(out, n)
}

export function andBits(a: usize, b: usize, n: i32, out: usize): void {
  both(true, a, b, n, out)
}

export function orBits(a: usize, b: usize, n: i32, out: usize): void {
  both(false, a, b, n, out)
}

export function fillBits(out: usize, n: i32, bit: i32): void {
  memory.fill(out, bit ? 255 : 0, bytesOf(n))
  clearSpareBits(out, n)
}

export function shiftBits(src: usize, from: i32, n: i32, out: usize): void {
  const shift = <u64>(from & 7)
  let at = src + (from >> 3)
  let to = out
  const end = out + bytesOf(n)
  if (shift == 0) {
    memory.copy(out, at, bytesOf(n))
  } else {
    // 64 bits that start inside a byte take part of a ninth one.
    for (; to + 8 <= end - 1; at += 8, to += 8) {
      store<u64>(to, (load<u64>(at) >> shift) | (<u64>load<u8>(at, 8) << (64 - shift)))
    }
    // The next byte only where it holds wanted bits: it may not be there.
    const lastByte = src + ((from + n - 1) >> 3)
    for (; to < end; ++at, ++to) {
      const next: u32 = at < lastByte ? <u32>load<u8>(at, 1) : 0
      store<u8>(to, <u8>(((<u32>load<u8>(at)) | (next << 8)) >> <u32>shift))
    }
  }
  clearSpareBits(out, n)
}
