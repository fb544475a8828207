// Casts between element types: four rows a turn, the last rows one by one. Checked casts write eight rows and their byte
// of the bitmap a turn.

export function castI32F64(a: usize, n: i32, out: usize): void {
  const end = out + (<usize>n << 3)
  for (; out + 32 <= end; a += 16, out += 32) {
    const four = v128.load(a)
    v128.store(out, f64x2.convert_low_i32x4_s(four))
    v128.store(out, f64x2.convert_low_i32x4_s(upperHalf(four)), 16)
  }
  for (; out < end; a += 4, out += 8) store<f64>(out, <f64>load<i32>(a))
}

export function castU32F64(a: usize, n: i32, out: usize): void {
  const end = out + (<usize>n << 3)
  for (; out + 32 <= end; a += 16, out += 32) {
    const four = v128.load(a)
    v128.store(out, f64x2.convert_low_i32x4_u(four))
    v128.store(out, f64x2.convert_low_i32x4_u(upperHalf(four)), 16)
  }
  for (; out < end; a += 4, out += 8) store<f64>(out, <f64>load<u32>(a))
}

export function castF32F64(a: usize, n: i32, out: usize): void {
  const end = out + (<usize>n << 3)
  for (; out + 32 <= end; a += 16, out += 32) {
    const four = v128.load(a)
    v128.store(out, f64x2.promote_low_f32x4(four))
    v128.store(out, f64x2.promote_low_f32x4(upperHalf(four)), 16)
  }
  for (; out < end; a += 4, out += 8) store<f64>(out, <f64>load<f32>(a))
}

export function castBoolF64(a: usize, n: i32, out: usize): void {
  const end = out + (<usize>n << 3)
  for (; out + 32 <= end; a += 4, out += 32) {
    const four = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(a)))
    v128.store(out, f64x2.convert_low_i32x4_u(four))
    v128.store(out, f64x2.convert_low_i32x4_u(upperHalf(four)), 16)
  }
  for (; out < end; ++a, out += 8) store<f64>(out, <f64>load<u8>(a))
}

export function castI64F64(a: usize, n: i32, out: usize): void {
  for (const end = out + (<usize>n << 3); out < end; a += 8, out += 8) store<f64>(out, <f64>load<i64>(a))
}

export function castF64F32(a: usize, n: i32, out: usize): void {
  const end = out + (<usize>n << 2)
  for (; out + 16 <= end; a += 32, out += 16) {
    const low = f32x4.demote_f64x2_zero(v128.load(a))
    const high = f32x4.demote_f64x2_zero(v128.load(a, 16))
    v128.store(out, lowerHalves(low, high))
  }
  for (; out < end; a += 8, out += 4) store<f32>(out, <f32>load<f64>(a))
}

export function castI32I64(a: usize, n: i32, out: usize): void {
  const end = out + (<usize>n << 3)
  for (; out + 32 <= end; a += 16, out += 32) {
    const four = v128.load(a)
    v128.store(out, i64x2.extend_low_i32x4_s(four))
    v128.store(out, i64x2.extend_high_i32x4_s(four), 16)
  }
  for (; out < end; a += 4, out += 8) store<i64>(out, <i64>load<i32>(a))
}

export function castU32I64(a: usize, n: i32, out: usize): void {
  const end = out + (<usize>n << 3)
  for (; out + 32 <= end; a += 16, out += 32) {
    const four = v128.load(a)
    v128.store(out, i64x2.extend_low_i32x4_u(four))
    v128.store(out, i64x2.extend_high_i32x4_u(four), 16)
  }
  for (; out < end; a += 4, out += 8) store<i64>(out, <i64>load<u32>(a))
}

// @ts-ignore: decorator
@inline
function upperHalf(four: v128): v128 {
  return i64x2.shuffle(four, four, 1, 1)
}

// @ts-ignore: decorator
@inline
function lowerHalves(x: v128, y: v128): v128 {
  return i64x2.shuffle(x, y, 0, 2)
}

// ── checked: 0 and a zero bit where the type has no such value ─────────────────────────────────────────────────────

// Truncation reaches the type from strictly between these; NaN is in no order and so never within.
const I32_ABOVE: f64 = -2147483649
const I32_BELOW: f64 = 2147483648
const U32_ABOVE: f64 = -1
const U32_BELOW: f64 = 4294967296

// @ts-ignore: decorator
@inline
function withinPair(signed: bool, x: v128): v128 {
  const above = f64x2.splat(signed ? I32_ABOVE : U32_ABOVE)
  const below = f64x2.splat(signed ? I32_BELOW : U32_BELOW)
  return v128.and(f64x2.gt(x, above), f64x2.lt(x, below))
}

// @ts-ignore: decorator
@inline
function truncatedPair(signed: bool, x: v128): v128 {
  return signed ? i32x4.trunc_sat_f64x2_s_zero(x) : i32x4.trunc_sat_f64x2_u_zero(x)
}

/** Four rows; returns their four bits. */
// @ts-ignore: decorator
@inline
function truncateFour(signed: bool, a: usize, out: usize): u32 {
  const low = v128.load(a)
  const high = v128.load(a, 16)
  const within = i32x4.shuffle(withinPair(signed, low), withinPair(signed, high), 0, 2, 4, 6)
  v128.store(out, v128.and(lowerHalves(truncatedPair(signed, low), truncatedPair(signed, high)), within))
  return i32x4.bitmask(within)
}

// @ts-ignore: decorator
@inline
function truncate(signed: bool, a: usize, n: i32, out: usize, bitsOut: usize): void {
  const end = out + (<usize>n << 2)
  for (; out + 32 <= end; a += 64, out += 32, ++bitsOut) {
    const low = truncateFour(signed, a, out)
    store<u8>(bitsOut, <u8>(low | (truncateFour(signed, a + 32, out + 16) << 4)))
  }
  if (out < end) {
    let byte: u32 = 0
    for (let bit: u32 = 0; out < end; ++bit, a += 8, out += 4) {
      const x = load<f64>(a)
      const within = signed ? x > I32_ABOVE && x < I32_BELOW : x > U32_ABOVE && x < U32_BELOW
      store<u32>(out, within ? (signed ? <u32>(<i32>x) : <u32>x) : 0)
      byte |= <u32>within << bit
    }
    store<u8>(bitsOut, <u8>byte)
  }
}

export function castF64I32(a: usize, n: i32, out: usize, bitsOut: usize): void {
  truncate(true, a, n, out, bitsOut)
}

export function castF64U32(a: usize, n: i32, out: usize, bitsOut: usize): void {
  truncate(false, a, n, out, bitsOut)
}

export function castF64I64(a: usize, n: i32, out: usize, bitsOut: usize): void {
  for (const end = out + (<usize>n << 3); out < end; ++bitsOut) {
    let byte: u32 = 0
    for (let bit: u32 = 0; bit < 8 && out < end; ++bit, a += 8, out += 8) {
      const x = load<f64>(a)
      const within = x >= -9223372036854775808.0 && x < 9223372036854775808.0
      store<i64>(out, within ? <i64>x : 0)
      byte |= <u32>within << bit
    }
    store<u8>(bitsOut, <u8>byte)
  }
}

/** Two rows; returns their two bits. */
// @ts-ignore: decorator
@inline
function timestampPair(a: usize, out: usize): u32 {
  const x = v128.load(a)
  const within = f64x2.le(f64x2.abs(x), f64x2.splat(9007199254740991.0))
  // Adding 0 makes 0 of -0 and changes nothing else.
  v128.store(out, v128.and(f64x2.add(f64x2.floor(x), f64x2.splat(0)), within))
  return i64x2.bitmask(within)
}

export function castF64Timestamp(a: usize, n: i32, out: usize, bitsOut: usize): void {
  const end = out + (<usize>n << 3)
  for (; out + 64 <= end; a += 64, out += 64, ++bitsOut) {
    let byte = timestampPair(a, out)
    byte |= timestampPair(a + 16, out + 16) << 2
    byte |= timestampPair(a + 32, out + 32) << 4
    byte |= timestampPair(a + 48, out + 48) << 6
    store<u8>(bitsOut, <u8>byte)
  }
  if (out < end) {
    let byte: u32 = 0
    for (let bit: u32 = 0; out < end; ++bit, a += 8, out += 8) {
      const x = load<f64>(a)
      const within = abs<f64>(x) <= 9007199254740991.0
      store<f64>(out, within ? floor<f64>(x) + 0 : 0)
      byte |= <u32>within << bit
    }
    store<u8>(bitsOut, <u8>byte)
  }
}
