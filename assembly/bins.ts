// Counts of values by bin (abi.ts "bins"): a bin is the values that share their sign, their exponent and the first bits
// of their mantissa, so that its middle is within a known relative distance of every value in it.

import { BIN_COUNT, BUFFER_ADDRESS, BUFFER_CAPACITY, BUFFER_COUNT } from './abi'
import { comparableBits, hash64 } from './hash'
import { hasValue, rowAt } from './rows'

// The slot of a bin, or the empty one where it belongs.
// @ts-ignore: decorator
@inline
function slotOf(bins: usize, capacity: u32, key: u64): usize {
  const mask = capacity - 1
  let at = hash64(key) & mask
  let slot = bins + (<usize>at << 4)
  while (load<f64>(slot, BIN_COUNT) != 0 && load<u64>(slot) != key) {
    at = (at + 1) & mask
    slot = bins + (<usize>at << 4)
  }
  return slot
}

// @ts-ignore: decorator
@inline
function eachRow(
  selected: bool,
  nullable: bool,
  addr: usize,
  sel: usize,
  from: usize,
  m: usize,
  a: usize,
  validity: usize,
  mask: u64,
  at: usize,
): i32 {
  for (let j = from; j < m; j++, addr += 4) {
    const row = rowAt(selected, sel, j)
    if (nullable && !hasValue(validity, row)) continue
    const field = load<usize>(addr) + at
    const capacity = load<u32>(field, BUFFER_CAPACITY)
    if (capacity == 0) return <i32>j
    const key = comparableBits(load<f64>(a + (row << 3))) & mask
    const slot = slotOf(load<usize>(field, BUFFER_ADDRESS), capacity, key)
    const count = load<f64>(slot, BIN_COUNT)
    if (count == 0) {
      const bins = load<f64>(field, BUFFER_COUNT) + 1
      if (bins * 2 > <f64>capacity) return <i32>j
      store<f64>(field, bins, BUFFER_COUNT)
      store<u64>(slot, key)
    }
    store<f64>(slot, count + 1, BIN_COUNT)
  }
  return <i32>m
}

export function accumulateBinsF64(
  addr: usize,
  sel: usize,
  from: i32,
  m: i32,
  a: usize,
  validity: usize,
  keep: i32,
  at: i32,
): i32 {
  const mask = <u64>(<u32>keep) << 32
  if (sel == 0) {
    if (validity == 0) return eachRow(false, false, addr, sel, from, m, a, validity, mask, at)
    return eachRow(false, true, addr, sel, from, m, a, validity, mask, at)
  }
  if (validity == 0) return eachRow(true, false, addr, sel, from, m, a, validity, mask, at)
  return eachRow(true, true, addr, sel, from, m, a, validity, mask, at)
}

export function combineBins(dst: usize, src: usize, from: i32, m: i32, at: i32): i32 {
  for (let j = from; j < m; j++, dst += 4, src += 4) {
    const field = load<usize>(dst) + at
    const taken = load<usize>(src) + at
    const added = load<f64>(taken, BUFFER_COUNT)
    if (added == 0) continue
    const capacity = load<u32>(field, BUFFER_CAPACITY)
    let count = load<f64>(field, BUFFER_COUNT)
    // All of a record or nothing: what is added twice would count twice.
    if ((count + added) * 2 > <f64>capacity) return j
    const bins = load<usize>(field, BUFFER_ADDRESS)
    let bin = load<usize>(taken, BUFFER_ADDRESS)
    for (const end = bin + (<usize>load<u32>(taken, BUFFER_CAPACITY) << 4); bin < end; bin += 16) {
      const more = load<f64>(bin, BIN_COUNT)
      if (more == 0) continue
      const slot = slotOf(bins, capacity, load<u64>(bin))
      const before = load<f64>(slot, BIN_COUNT)
      if (before == 0) count += 1
      store<u64>(slot, load<u64>(bin))
      store<f64>(slot, before + more, BIN_COUNT)
    }
    store<f64>(field, count, BUFFER_COUNT)
  }
  return m
}

export function rehashBins(bins: usize, capacity: i32, out: usize, outCapacity: i32): void {
  for (const end = bins + (<usize>capacity << 4); bins < end; bins += 16) {
    const count = load<f64>(bins, BIN_COUNT)
    if (count == 0) continue
    const slot = slotOf(out, outCapacity, load<u64>(bins))
    store<u64>(slot, load<u64>(bins))
    store<f64>(slot, count, BIN_COUNT)
  }
}
