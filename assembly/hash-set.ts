// Entering values into a hash set outside of the records (abi.ts "hash set").
//
// A value is looked for at its low bits first: ids and codes given one after the other then stand side by side, none in the
// place of another, and those of one time share lines of the cache. Where another value stands there it is looked for at
// its hash, and from there on.

import { BUFFER_ADDRESS, BUFFER_CAPACITY, BUFFER_COUNT } from './abi'
import { hash64 } from './hash'

/** Enters a value that isn't 0. false: there is no room for it. */
// @ts-ignore: decorator
@inline
export function insertNonZero(field: usize, value: u64): bool {
  const capacity = load<u32>(field, BUFFER_CAPACITY)
  if (capacity == 0) return false
  const table = load<usize>(field, BUFFER_ADDRESS)
  const mask = capacity - 1
  let at = <u32>value & mask
  let known = load<u64>(table + (<usize>at << 3))
  if (known == value) return true
  if (known != 0) {
    at = hash64(value) & mask
    while ((known = load<u64>(table + (<usize>at << 3))) != 0) {
      if (known == value) return true
      at = (at + 1) & mask
    }
  }
  const count = load<f64>(field, BUFFER_COUNT) + 1
  if (count * 2 > <f64>capacity) return false
  store<u64>(table + (<usize>at << 3), value)
  store<f64>(field, count, BUFFER_COUNT)
  return true
}
