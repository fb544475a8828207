// Keys: rows → dense ids (layout: abi.ts "key table"). Open addressing, linear probing.

import {
  KEYS_FREE,
  KEYS_FREE_COUNT,
  KEYS_ID_CAPACITY,
  KEYS_KEYS,
  KEYS_MASK,
  KEYS_NEXT_ID,
  KEYS_SLOT_BYTES,
  KEYS_SLOTS,
  KEYS_WORDS,
} from './abi'
import { hashWords, mix } from './hash'
import { rowAt } from './rows'

/** Hash of a slot; its id + 1 stands at 0. */
const SLOT_HASH = 4

/** No id was left. */
const NO_ID: u32 = 0xffffffff

/** An id for a new key, from the free stack or the next unused one; NO_ID when there is none. */
// @ts-ignore: decorator
@inline
function takeId(table: usize): u32 {
  const freeCount = load<u32>(table, KEYS_FREE_COUNT)
  if (freeCount > 0) {
    store<u32>(table, freeCount - 1, KEYS_FREE_COUNT)
    return load<u32>(load<usize>(table, KEYS_FREE) + ((freeCount - 1) << 2))
  }
  const id = load<u32>(table, KEYS_NEXT_ID)
  if (id >= load<u32>(table, KEYS_ID_CAPACITY)) return NO_ID
  store<u32>(table, id + 1, KEYS_NEXT_ID)
  return id
}

/** The id + 1 of a one-word key by probing slot after slot; a new key is entered. 0: no id is left. */
function probe4(table: usize, word: u32): u32 {
  const slots = load<usize>(table, KEYS_SLOTS)
  const mask = load<u32>(table, KEYS_MASK)
  const hash = mix(word)
  let at = hash & mask & ~1
  while (true) {
    const slot = slots + at * KEYS_SLOT_BYTES
    const known = load<u32>(slot)
    if (known == 0) {
      const id = takeId(table)
      if (id == NO_ID) return 0
      store<u32>(slot, id + 1)
      store<u32>(slot, hash, SLOT_HASH)
      store<u32>(load<usize>(table, KEYS_KEYS) + (id << 2), word)
      return id + 1
    }
    if (load<u32>(slot, SLOT_HASH) == hash) return known
    at = (at + 1) & mask
  }
}

/**
 * Looks at two slots at once. A slot read as u64 and xor-ed with the hash in its upper half is below 2^32 exactly where
 * the hash matches, and then it is id + 1; so the lesser of two is the answer, without a branch on which slot it was.
 * New keys and the few that stand further off are met outside the inner loop, which so holds no call.
 */
// @ts-ignore: decorator
@inline
function findOrInsert4(
  selected: bool,
  table: usize,
  a: usize,
  sel: usize,
  from: usize,
  m: usize,
  ids: usize,
): i32 {
  const slots = load<usize>(table, KEYS_SLOTS)
  const mask = (load<u32>(table, KEYS_MASK) & ~1) * KEYS_SLOT_BYTES
  let j = from
  while (true) {
    for (; j < m; j++) {
      const row = rowAt(selected, sel, j)
      const hash = mix(load<u32>(a + (row << 2)))
      const slot = slots + ((hash * KEYS_SLOT_BYTES) & mask)
      const wanted = <u64>hash << 32
      const one = load<u64>(slot) ^ wanted
      const other = load<u64>(slot, KEYS_SLOT_BYTES) ^ wanted
      const id = select(one, other, one < other) - 1
      if (id >= NO_ID) break
      store<u32>(ids + (row << 2), <u32>id)
    }
    if (j >= m) return <i32>m
    const row = rowAt(selected, sel, j)
    const known = probe4(table, load<u32>(a + (row << 2)))
    if (known == 0) return <i32>j
    store<u32>(ids + (row << 2), known - 1)
    j++
  }
}

export function findOrInsertKeys4(table: usize, a: usize, sel: usize, from: i32, m: i32, ids: usize): i32 {
  if (sel == 0) return findOrInsert4(false, table, a, sel, from, m, ids)
  return findOrInsert4(true, table, a, sel, from, m, ids)
}

// @ts-ignore: decorator
@inline
function equalWords(a: usize, b: usize, bytes: usize): bool {
  for (let at: usize = 0; at < bytes; at += 4) {
    if (load<u32>(a + at) != load<u32>(b + at)) return false
  }
  return true
}

export function findOrInsertKeys(table: usize, packed: usize, sel: usize, from: i32, m: i32, ids: usize): i32 {
  const slots = load<usize>(table, KEYS_SLOTS)
  const keys = load<usize>(table, KEYS_KEYS)
  const mask = load<u32>(table, KEYS_MASK)
  const words = <usize>load<u32>(table, KEYS_WORDS)
  const bytes = words << 2
  let key = packed + <usize>from * bytes
  for (let j = from; j < m; j++, key += bytes) {
    const hash = hashWords(key, words)
    let at = hash & mask & ~1
    let known: u32
    while (true) {
      const slot = slots + at * KEYS_SLOT_BYTES
      known = load<u32>(slot)
      if (known == 0) {
        const id = takeId(table)
        if (id == NO_ID) return j
        known = id + 1
        store<u32>(slot, known)
        store<u32>(slot, hash, SLOT_HASH)
        for (let i: usize = 0; i < bytes; i += 4) store<u32>(keys + <usize>id * bytes + i, load<u32>(key + i))
        break
      }
      if (load<u32>(slot, SLOT_HASH) == hash && equalWords(keys + <usize>(known - 1) * bytes, key, bytes)) break
      at = (at + 1) & mask
    }
    const row = sel == 0 ? <usize>j : <usize>load<u32>(sel + (<usize>j << 2))
    store<u32>(ids + (row << 2), known - 1)
  }
  return m
}

export function rebuildKeys(table: usize, live: usize): void {
  const slots = load<usize>(table, KEYS_SLOTS)
  const keys = load<usize>(table, KEYS_KEYS)
  const free = load<usize>(table, KEYS_FREE)
  const mask = load<u32>(table, KEYS_MASK)
  const words = <usize>load<u32>(table, KEYS_WORDS)
  memory.fill(slots, 0, (<usize>mask + 1) * KEYS_SLOT_BYTES)
  let freed: u32 = 0
  for (let next = load<u32>(table, KEYS_NEXT_ID); next > 0; next--) {
    const id = next - 1
    if (load<u8>(live + id) == 0) {
      store<u32>(free + (<usize>freed << 2), id)
      freed++
      continue
    }
    const hash = hashWords(keys + <usize>id * (words << 2), words)
    let at = hash & mask & ~1
    while (load<u32>(slots + at * KEYS_SLOT_BYTES) != 0) at = (at + 1) & mask
    store<u32>(slots + at * KEYS_SLOT_BYTES, id + 1)
    store<u32>(slots + at * KEYS_SLOT_BYTES, hash, SLOT_HASH)
  }
  store<u32>(table, freed, KEYS_FREE_COUNT)
}

export function rangeI32(a: usize, sel: usize, m: i32, out: usize): void {
  let least = i32x4.splat(i32.MAX_VALUE)
  let greatest = i32x4.splat(i32.MIN_VALUE)
  if (sel == 0) {
    const end = a + (<usize>m << 2)
    let least2 = least
    let greatest2 = greatest
    for (; a + 64 <= end; a += 64) {
      const v = v128.load(a)
      const w = v128.load(a, 16)
      const x = v128.load(a, 32)
      const y = v128.load(a, 48)
      least = i32x4.min_s(least, i32x4.min_s(v, w))
      greatest = i32x4.max_s(greatest, i32x4.max_s(v, w))
      least2 = i32x4.min_s(least2, i32x4.min_s(x, y))
      greatest2 = i32x4.max_s(greatest2, i32x4.max_s(x, y))
    }
    least = i32x4.min_s(least, least2)
    greatest = i32x4.max_s(greatest, greatest2)
    for (; a < end; a += 4) {
      const v = v128.load32_splat(a)
      least = i32x4.min_s(least, v)
      greatest = i32x4.max_s(greatest, v)
    }
  } else {
    for (const end = sel + (<usize>m << 2); sel < end; sel += 4) {
      const v = v128.load32_splat(a + (<usize>load<u32>(sel) << 2))
      least = i32x4.min_s(least, v)
      greatest = i32x4.max_s(greatest, v)
    }
  }
  least = i32x4.min_s(least, i8x16.shuffle(least, least, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7))
  greatest = i32x4.max_s(
    greatest,
    i8x16.shuffle(greatest, greatest, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7),
  )
  store<i32>(out, min(i32x4.extract_lane(least, 0), i32x4.extract_lane(least, 1)))
  store<i32>(out, max(i32x4.extract_lane(greatest, 0), i32x4.extract_lane(greatest, 1)), 4)
}
