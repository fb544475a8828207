// Time columns: f64 milliseconds, safe integers.

import { SLICE_ENTRY_BYTES, SLICE_RECORDS } from './abi'
import { rowAt } from './rows'

const GREATEST_SAFE: f64 = 9007199254740991.0

/** 2^52: adding and subtracting it rounds what is below to a whole number. */
const ROUNDER: f64 = 4503599627370496.0

/**
 * Whether there are eight rows before `end`, all of them whole and in [0, 2^52): what came through the rounding unchanged,
 * bit for bit (-0 doesn't), below 2^52, where NaN isn't, and without a sign.
 */
// @ts-ignore: decorator
@inline
function areUsual(at: usize, end: usize): bool {
  if (at + 64 > end) return false
  const rounder = f64x2.splat(ROUNDER)
  const a = v128.load(at)
  const b = v128.load(at, 16)
  const c = v128.load(at, 32)
  const d = v128.load(at, 48)
  const changed = v128.or(
    v128.or(
      v128.xor(a, f64x2.sub(f64x2.add(a, rounder), rounder)),
      v128.xor(b, f64x2.sub(f64x2.add(b, rounder), rounder)),
    ),
    v128.or(
      v128.xor(c, f64x2.sub(f64x2.add(c, rounder), rounder)),
      v128.xor(d, f64x2.sub(f64x2.add(d, rounder), rounder)),
    ),
  )
  const below = v128.and(
    v128.and(f64x2.lt(a, rounder), f64x2.lt(b, rounder)),
    v128.and(f64x2.lt(c, rounder), f64x2.lt(d, rounder)),
  )
  const signs = v128.or(v128.or(a, b), v128.or(c, d))
  return i64x2.bitmask(v128.andnot(below, signs)) == 3 && !v128.any_true(changed)
}

/** Whether there are eight rows before `end` that differ from one in no bit of `kept`. */
// @ts-ignore: decorator
@inline
function areAlike(at: usize, end: usize, one: v128, kept: v128): bool {
  if (at + 64 > end) return false
  const changed = v128.or(
    v128.or(v128.xor(v128.load(at), one), v128.xor(v128.load(at, 16), one)),
    v128.or(v128.xor(v128.load(at, 32), one), v128.xor(v128.load(at, 48), one)),
  )
  return !v128.any_true(v128.and(changed, kept))
}

/**
 * Goes on for as long as rows are whole because they have the sign and the exponent of the first, which is whole, and like
 * it nothing behind the point: bits say so, without arithmetic. Epoch milliseconds have one exponent from 2004 to 2039.
 */
function whileAlike(at: usize, end: usize): usize {
  const first = load<f64>(at)
  const size = abs<f64>(first)
  if (!(size >= 1 && size < ROUNDER && trunc<f64>(size) == size)) return at
  const bits = reinterpret<u64>(first)
  // Of 52 bits, those in front of the point may differ.
  const whole = ((bits >> 52) & 0x7ff) - 1023
  const kept = i64x2.splat(~(((<u64>1 << whole) - 1) << (52 - whole)))
  const one = i64x2.splat(bits)
  if (areAlike(at, end, one, kept)) {
    do at += 64
    while (areAlike(at, end, one, kept))
  }
  return at
}

export function normaliseTimes(time: usize, n: i32): i32 {
  let at = time
  const end = time + (<usize>n << 3)
  while (at < end) {
    at = whileAlike(at, end)
    while (areUsual(at, end)) at += 64
    for (const stop = min(end, at + 64); at < stop; at += 8) {
      const v = load<f64>(at)
      if (trunc<f64>(v) != v || abs<f64>(v) > GREATEST_SAFE) return <i32>((at - time) >> 3)
      store<f64>(at, v + 0)
    }
  }
  return n
}

export function scanTimeAtLeast(time: usize, from: i32, n: i32, threshold: f64): i32 {
  const bound = f64x2.splat(threshold)
  let at = time + (<usize>from << 3)
  const end = time + (<usize>n << 3)
  for (; at + 64 <= end; at += 64) {
    const found = v128.or(
      v128.or(f64x2.ge(v128.load(at), bound), f64x2.ge(v128.load(at, 16), bound)),
      v128.or(f64x2.ge(v128.load(at, 32), bound), f64x2.ge(v128.load(at, 48), bound)),
    )
    if (v128.any_true(found)) break
  }
  for (; at < end; at += 8) {
    if (load<f64>(at) >= threshold) return <i32>((at - time) >> 3)
  }
  return n
}

/** Both lanes of the extremes meet, and -0 becomes 0, so that the order in which zeros came can't be seen. */
// @ts-ignore: decorator
@inline
function storeRange(least: v128, greatest: v128, out: usize): void {
  const low = f64x2.pmin(least, i8x16.shuffle(least, least, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7))
  const high = f64x2.pmax(
    greatest,
    i8x16.shuffle(greatest, greatest, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7),
  )
  store<f64>(out, f64x2.extract_lane(low, 0) + 0)
  store<f64>(out, f64x2.extract_lane(high, 0) + 0, 8)
}

// pmin(x, v) is v < x ? v : x, so a NaN value never replaces what is there.
export function rangeF64(a: usize, sel: usize, from: i32, m: i32, out: usize): void {
  let least = f64x2.splat(Infinity)
  let greatest = f64x2.splat(-Infinity)
  let least2 = least
  let greatest2 = greatest
  if (sel == 0) {
    let at = a + (<usize>from << 3)
    const end = a + (<usize>m << 3)
    for (; at + 32 <= end; at += 32) {
      const v = v128.load(at)
      const v2 = v128.load(at, 16)
      least = f64x2.pmin(least, v)
      greatest = f64x2.pmax(greatest, v)
      least2 = f64x2.pmin(least2, v2)
      greatest2 = f64x2.pmax(greatest2, v2)
    }
    for (; at < end; at += 8) {
      const v = v128.load64_splat(at)
      least = f64x2.pmin(least, v)
      greatest = f64x2.pmax(greatest, v)
    }
  } else {
    let at = sel + (<usize>from << 2)
    const end = sel + (<usize>m << 2)
    for (; at + 8 <= end; at += 8) {
      const v = v128.load64_splat(a + (<usize>load<u32>(at) << 3))
      const v2 = v128.load64_splat(a + (<usize>load<u32>(at, 4) << 3))
      least = f64x2.pmin(least, v)
      greatest = f64x2.pmax(greatest, v)
      least2 = f64x2.pmin(least2, v2)
      greatest2 = f64x2.pmax(greatest2, v2)
    }
    for (; at < end; at += 4) {
      const v = v128.load64_splat(a + (<usize>load<u32>(at) << 3))
      least = f64x2.pmin(least, v)
      greatest = f64x2.pmax(greatest, v)
    }
  }
  storeRange(f64x2.pmin(least, least2), f64x2.pmax(greatest, greatest2), out)
}

// Both lists are written at every row and the right one moves on: no branch to mispredict.
// @ts-ignore: decorator
@inline
function split(
  selected: bool,
  time: usize,
  sel: usize,
  from: usize,
  m: usize,
  bound: f64,
  onTimeOut: usize,
  lateOut: usize,
): i32 {
  let onTime = onTimeOut
  for (let j = from; j < m; j++) {
    const row = rowAt(selected, sel, j)
    const isOnTime = <usize>(load<f64>(time + (row << 3)) >= bound)
    store<u32>(onTime, <u32>row)
    store<u32>(lateOut, <u32>row)
    onTime += isOnTime << 2
    lateOut += (1 - isOnTime) << 2
  }
  return <i32>((onTime - onTimeOut) >> 2)
}

export function splitLate(
  time: usize,
  sel: usize,
  from: i32,
  m: i32,
  bound: f64,
  onTimeOut: usize,
  lateOut: usize,
): i32 {
  if (sel == 0) return split(false, time, sel, from, m, bound, onTimeOut, lateOut)
  return split(true, time, sel, from, m, bound, onTimeOut, lateOut)
}

// @ts-ignore: decorator
@inline
function sliceIndices(
  selected: bool,
  time: usize,
  sel: usize,
  from: usize,
  m: usize,
  size: f64,
  offset: f64,
  cut: bool,
  remainder: f64,
  first: f64,
  slices: usize,
  marks: usize,
): void {
  const sizes = f64x2.splat(size)
  const offsets = f64x2.splat(offset)
  const cuts = f64x2.splat(offset + remainder)
  const firsts = f64x2.splat(cut ? first - 1 : first)
  const end = slices + ((m - from) << 2)
  let j = from
  for (; slices + 8 <= end; j += 2, slices += 8) {
    let times: v128
    if (selected) {
      times = v128.load64_splat(time + (rowAt(true, sel, j) << 3))
      times = v128.load64_lane(time + (rowAt(true, sel, j + 1) << 3), times, 1)
    } else {
      times = v128.load(time + (j << 3))
    }
    let index = f64x2.sub(f64x2.floor(f64x2.div(f64x2.sub(times, offsets), sizes)), firsts)
    if (cut) index = f64x2.add(index, f64x2.floor(f64x2.div(f64x2.sub(times, cuts), sizes)))
    const pair = i32x4.trunc_sat_f64x2_s_zero(index)
    v128.store64_lane(slices, pair, 0)
    store<u32>(marks + <usize>i32x4.extract_lane(pair, 0) * SLICE_ENTRY_BYTES, 1, SLICE_RECORDS)
    store<u32>(marks + <usize>i32x4.extract_lane(pair, 1) * SLICE_ENTRY_BYTES, 1, SLICE_RECORDS)
  }
  if (slices < end) {
    const t = load<f64>(time + (rowAt(selected, sel, j) << 3))
    const before = cut ? floor((t - (offset + remainder)) / size) + 1 : 0
    const index = <i32>(floor((t - offset) / size) - first + before)
    store<i32>(slices, index)
    store<u32>(marks + <usize>index * SLICE_ENTRY_BYTES, 1, SLICE_RECORDS)
  }
}

export function sliceIndex(
  time: usize,
  sel: usize,
  from: i32,
  m: i32,
  size: f64,
  offset: f64,
  first: f64,
  slices: usize,
  marks: usize,
): void {
  if (sel == 0) sliceIndices(false, time, sel, from, m, size, offset, false, 0, first, slices, marks)
  else sliceIndices(true, time, sel, from, m, size, offset, false, 0, first, slices, marks)
}

export function sliceIndexCut(
  time: usize,
  sel: usize,
  from: i32,
  m: i32,
  size: f64,
  offset: f64,
  remainder: f64,
  first: f64,
  slices: usize,
  marks: usize,
): void {
  if (sel == 0) sliceIndices(false, time, sel, from, m, size, offset, true, remainder, first, slices, marks)
  else sliceIndices(true, time, sel, from, m, size, offset, true, remainder, first, slices, marks)
}

// Rows mostly fall where the one before them fell.
// @ts-ignore: decorator
@inline
function sliceEdges(
  selected: bool,
  time: usize,
  sel: usize,
  from: usize,
  m: usize,
  edges: usize,
  count: i32,
  slices: usize,
  marks: usize,
): void {
  let index: i32 = 0
  let least = -Infinity
  let bound = count > 0 ? load<f64>(edges) : Infinity
  for (let j = from; j < m; j++, slices += 4) {
    const t = load<f64>(time + (rowAt(selected, sel, j) << 3))
    if (!(t >= least && t < bound)) {
      let low: i32 = 0
      let high = count
      while (low < high) {
        const middle = (low + high) >>> 1
        if (load<f64>(edges + (<usize>middle << 3)) <= t) low = middle + 1
        else high = middle
      }
      index = low
      least = low > 0 ? load<f64>(edges + (<usize>(low - 1) << 3)) : -Infinity
      bound = low < count ? load<f64>(edges + (<usize>low << 3)) : Infinity
    }
    store<i32>(slices, index)
    store<u32>(marks + <usize>index * SLICE_ENTRY_BYTES, 1, SLICE_RECORDS)
  }
}

export function sliceIndexEdges(
  time: usize,
  sel: usize,
  from: i32,
  m: i32,
  edges: usize,
  count: i32,
  slices: usize,
  marks: usize,
): void {
  if (sel == 0) sliceEdges(false, time, sel, from, m, edges, count, slices, marks)
  else sliceEdges(true, time, sel, from, m, edges, count, slices, marks)
}
