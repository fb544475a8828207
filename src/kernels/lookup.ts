import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { rowAt } from './rows.ts'

type LookupKernel = 'lookup1' | 'lookup4' | 'lookup8' | 'lookupBits' | 'translateCodes' | 'shiftCodes' | 'touchCodes'

/** Looks the codes of a column up in a table. Eight bytes go as two words: any bit pattern arrives as it was, and no BigInt is made. */
export function lookupKernels(memory: LinearMemory): Pick<KernelExports, LookupKernel> {
  return {
    lookup1(table, codes, n, out) {
      const { u32, u8 } = memory
      const x = table >>> 0
      const at = codes >>> 2
      const to = out >>> 0
      for (let j = 0; j < n; j++) u8[to + j] = u8[x + u32[at + j]!]!
    },

    lookup4(table, codes, n, out) {
      const { u32 } = memory
      const x = table >>> 2
      const at = codes >>> 2
      const to = out >>> 2
      for (let j = 0; j < n; j++) u32[to + j] = u32[x + u32[at + j]!]!
    },

    lookup8(table, codes, n, out) {
      const u32 = memory.u32
      const x = table >>> 2
      const at = codes >>> 2
      const to = out >>> 2
      for (let j = 0; j < n; j++) {
        const from = x + u32[at + j]! * 2
        u32[to + j * 2] = u32[from]!
        u32[to + j * 2 + 1] = u32[from + 1]!
      }
    },

    lookupBits(tableBits, codes, n, bitsOut) {
      const { u8, u32 } = memory
      const x = tableBits >>> 0
      const at = codes >>> 2
      const to = bitsOut >>> 0
      for (let j = 0; j < n; j += 8) {
        const end = Math.min(n - j, 8)
        let byte = 0
        for (let bit = 0; bit < end; bit++) {
          const row = u32[at + j + bit]!
          byte |= ((u8[x + (row >>> 3)]! >>> (row & 7)) & 1) << bit
        }
        u8[to + (j >>> 3)] = byte
      }
    },

    translateCodes(positions, n, table, length) {
      const { u32 } = memory
      const at = positions >>> 2
      const x = table >>> 2
      for (let j = 0; j < n; j++) {
        const position = u32[at + j]!
        const code = position < length ? u32[x + position]! : 0
        if (code === 0) return j
        u32[at + j] = code
      }
      return n
    },

    touchCodes(codes, sel, m, table, length) {
      const { u8, u32 } = memory
      for (let j = 0; j < m; j++) {
        const code = u32[(codes >>> 2) + rowAt(u32, sel, j)]!
        if (code < length) u8[table + code] = 1
      }
    },

    shiftCodes(positions, n, length, base) {
      const { u32 } = memory
      const at = positions >>> 2
      for (let j = 0; j < n; j++) {
        const position = u32[at + j]!
        if (position >= length) return j
        u32[at + j] = position + base
      }
      return n
    },
  }
}
