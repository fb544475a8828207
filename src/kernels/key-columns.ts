import { KEYS_KEYS, KEYS_WORDS } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hasValue, rowAt } from './rows.ts'

type KeyColumnKernels = Pick<
  KernelExports,
  | 'packKey1'
  | 'packKey4'
  | 'packKey8'
  | 'packKeyF64'
  | 'packKeyF32'
  | 'packKeyNull'
  | 'clearKeyWord'
  | 'unpackKey1'
  | 'unpackKey4'
  | 'unpackKey8'
  | 'unpackKeyValid'
>

const UPPER_WORD_OF_NAN = 0x7ff80000
const NAN_F32 = 0x7fc00000

/** Twins of assembly/key-columns.ts. */
export function keyColumnKernels(memory: LinearMemory): KeyColumnKernels {
  /** Index of the first word of key `id` of a table. */
  const keyAt = (table: number, id: number): number =>
    (memory.u32[(table + KEYS_KEYS) >>> 2]! >>> 2) + id * memory.u32[(table + KEYS_WORDS) >>> 2]!

  return {
    packKey1(a, validity, sel, m, packed, words, at) {
      const { u8, u32 } = memory
      for (let j = 0; j < m; j++) {
        const row = rowAt(u32, sel, j)
        u32[(packed >>> 2) + j * words + at] = hasValue(u8, validity, row) ? u8[(a >>> 0) + row]! : 0
      }
    },

    packKey4(a, validity, sel, m, packed, words, at) {
      const { u8, u32 } = memory
      for (let j = 0; j < m; j++) {
        const row = rowAt(u32, sel, j)
        u32[(packed >>> 2) + j * words + at] = hasValue(u8, validity, row) ? u32[(a >>> 2) + row]! : 0
      }
    },

    packKey8(a, validity, sel, m, packed, words, at) {
      const { u8, u32 } = memory
      for (let j = 0; j < m; j++) {
        const row = rowAt(u32, sel, j)
        const key = (packed >>> 2) + j * words + at
        const isThere = hasValue(u8, validity, row)
        u32[key] = isThere ? u32[(a >>> 2) + row * 2]! : 0
        u32[key + 1] = isThere ? u32[(a >>> 2) + row * 2 + 1]! : 0
      }
    },

    packKeyF64(a, validity, sel, m, packed, words, at) {
      const { u8, u32, f64 } = memory
      for (let j = 0; j < m; j++) {
        const row = rowAt(u32, sel, j)
        const key = (packed >>> 2) + j * words + at
        const value = f64[(a >>> 3) + row]!
        if (!hasValue(u8, validity, row) || value === 0) {
          u32[key] = 0
          u32[key + 1] = 0
        } else {
          const isNumber = !Number.isNaN(value)
          u32[key] = isNumber ? u32[(a >>> 2) + row * 2]! : 0
          u32[key + 1] = isNumber ? u32[(a >>> 2) + row * 2 + 1]! : UPPER_WORD_OF_NAN
        }
      }
    },

    packKeyF32(a, validity, sel, m, packed, words, at) {
      const { u8, u32, f32 } = memory
      for (let j = 0; j < m; j++) {
        const row = rowAt(u32, sel, j)
        const key = (packed >>> 2) + j * words + at
        const value = f32[(a >>> 2) + row]!
        if (!hasValue(u8, validity, row) || value === 0) u32[key] = 0
        else u32[key] = Number.isNaN(value) ? NAN_F32 : u32[(a >>> 2) + row]!
      }
    },

    packKeyNull(validity, sel, m, packed, words, at, bit) {
      const { u8, u32 } = memory
      for (let j = 0; j < m; j++) {
        if (!hasValue(u8, validity, rowAt(u32, sel, j))) u32[(packed >>> 2) + j * words + at]! |= 1 << bit
      }
    },

    clearKeyWord(m, packed, words, at) {
      for (let j = 0; j < m; j++) memory.u32[(packed >>> 2) + j * words + at] = 0
    },

    unpackKey1(table, ids, m, at, out) {
      const { u8, u32 } = memory
      for (let j = 0; j < m; j++) u8[(out >>> 0) + j] = u32[keyAt(table, u32[(ids >>> 2) + j]!) + at]!
    },

    unpackKey4(table, ids, m, at, out) {
      const { u32 } = memory
      for (let j = 0; j < m; j++) u32[(out >>> 2) + j] = u32[keyAt(table, u32[(ids >>> 2) + j]!) + at]!
    },

    unpackKey8(table, ids, m, at, out) {
      const { u32 } = memory
      for (let j = 0; j < m; j++) {
        const key = keyAt(table, u32[(ids >>> 2) + j]!) + at
        u32[(out >>> 2) + j * 2] = u32[key]!
        u32[(out >>> 2) + j * 2 + 1] = u32[key + 1]!
      }
    },

    unpackKeyValid(table, ids, m, at, bit, bitsOut) {
      const { u8, u32 } = memory
      u8.fill(0, bitsOut >>> 0, (bitsOut >>> 0) + ((m + 7) >>> 3))
      for (let j = 0; j < m; j++) {
        const isNull = (u32[keyAt(table, u32[(ids >>> 2) + j]!) + at]! >>> bit) & 1
        if (isNull === 0) u8[(bitsOut >>> 0) + (j >>> 3)]! |= 1 << (j & 7)
      }
    },
  }
}
