// Entering values into a hash set outside of the records (abi.ts "hash set").

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
  let at = hash64(value) & mask
  while (true) {
    const known = load<u64>(table + (<usize>at << 3))
    if (known == value) return true
    if (known == 0) break
    at = (at + 1) & mask
  }
  const count = load<f64>(field, BUFFER_COUNT) + 1
  if (count * 2 > <f64>capacity) return false
  store<u64>(table + (<usize>at << 3), value)
  store<f64>(field, count, BUFFER_COUNT)
  return true
}
