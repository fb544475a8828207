import {
  KEYS_FREE,
  KEYS_FREE_COUNT,
  KEYS_ID_CAPACITY,
  KEYS_KEYS,
  KEYS_MASK,
  KEYS_NEXT_ID,
  KEYS_SLOTS,
  KEYS_WORDS,
} from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hashWords } from './hash.ts'
import { rowAt } from './rows.ts'

type KeyKernels = Pick<KernelExports, 'rangeI32' | 'findOrInsertKeys4' | 'findOrInsertKeys' | 'rebuildKeys'>

/** Twins of assembly/key.ts. Slots are probed in the same order, so the tables of both engines are equal byte by byte. */
export function keyKernels(memory: LinearMemory): KeyKernels {
  return {
    rangeI32(a, sel, m, out) {
      const { i32, u32 } = memory
      let least = 0x7fffffff
      let greatest = -0x80000000
      for (let j = 0; j < m; j++) {
        const value = i32[(a >>> 2) + rowAt(u32, sel, j)]!
        if (value < least) least = value
        if (value > greatest) greatest = value
      }
      i32[out >>> 2] = least
      i32[(out >>> 2) + 1] = greatest
    },

    findOrInsertKeys4(table, a, sel, from, m, ids) {
      const { u32 } = memory
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        const known = findOrInsert(u32, table, (a >>> 2) + row, 1)
        if (known === 0) return j
        u32[(ids >>> 2) + row] = known - 1
      }
      return m
    },

    findOrInsertKeys(table, packed, sel, from, m, ids) {
      const { u32 } = memory
      const words = u32[(table + KEYS_WORDS) >>> 2]!
      for (let j = from; j < m; j++) {
        const known = findOrInsert(u32, table, (packed >>> 2) + j * words, words)
        if (known === 0) return j
        u32[(ids >>> 2) + rowAt(u32, sel, j)] = known - 1
      }
      return m
    },

    rebuildKeys(table, live) {
      const { u8, u32 } = memory
      const words = u32[(table + KEYS_WORDS) >>> 2]!
      const slots = u32[(table + KEYS_SLOTS) >>> 2]! >>> 2
      const keys = u32[(table + KEYS_KEYS) >>> 2]! >>> 2
      const free = u32[(table + KEYS_FREE) >>> 2]! >>> 2
      const mask = u32[(table + KEYS_MASK) >>> 2]!
      u32.fill(0, slots, slots + (mask + 1) * 2)
      let freed = 0
      for (let id = u32[(table + KEYS_NEXT_ID) >>> 2]! - 1; id >= 0; id--) {
        if (u8[(live >>> 0) + id] === 0) {
          u32[free + freed++] = id
          continue
        }
        const hash = hashWords(u32, keys + id * words, words)
        let at = hash & mask & ~1
        while (u32[slots + at * 2] !== 0) at = (at + 1) & mask
        u32[slots + at * 2] = id + 1
        u32[slots + at * 2 + 1] = hash
      }
      u32[(table + KEYS_FREE_COUNT) >>> 2] = freed
    },
  }
}

function equalWords(u32: Uint32Array, a: number, b: number, words: number): boolean {
  for (let i = 0; i < words; i++) if (u32[a + i] !== u32[b + i]) return false
  return true
}

/** The id + 1 of the key whose words start at index `key`; a new key is entered. 0: no id is left. */
function findOrInsert(u32: Uint32Array, table: number, key: number, words: number): number {
  const slots = u32[(table + KEYS_SLOTS) >>> 2]! >>> 2
  const mask = u32[(table + KEYS_MASK) >>> 2]!
  const keys = u32[(table + KEYS_KEYS) >>> 2]! >>> 2
  const hash = hashWords(u32, key, words)
  for (let at = hash & mask & ~1; ; at = (at + 1) & mask) {
    const known = u32[slots + at * 2]!
    if (known === 0) {
      const id = takeId(u32, table)
      if (id < 0) return 0
      u32[slots + at * 2] = id + 1
      u32[slots + at * 2 + 1] = hash
      for (let i = 0; i < words; i++) u32[keys + id * words + i] = u32[key + i]!
      return id + 1
    }
    if (u32[slots + at * 2 + 1] === hash && equalWords(u32, keys + (known - 1) * words, key, words)) return known
  }
}

/** An id for a new key, from the free stack or the next unused one; -1 when there is none. */
function takeId(u32: Uint32Array, table: number): number {
  const freeCount = u32[(table + KEYS_FREE_COUNT) >>> 2]!
  if (freeCount > 0) {
    u32[(table + KEYS_FREE_COUNT) >>> 2] = freeCount - 1
    return u32[(u32[(table + KEYS_FREE) >>> 2]! >>> 2) + freeCount - 1]!
  }
  const id = u32[(table + KEYS_NEXT_ID) >>> 2]!
  if (id >= u32[(table + KEYS_ID_CAPACITY) >>> 2]!) return -1
  u32[(table + KEYS_NEXT_ID) >>> 2] = id + 1
  return id
}
