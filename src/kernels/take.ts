import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'

type TakeKernel = 'take1' | 'take4' | 'take8' | 'takeBits'

/** Gathers the selected rows of a column. Eight bytes go as two words: any bit pattern arrives as it was, and no BigInt is made. */
export function takeKernels(memory: LinearMemory): Pick<KernelExports, TakeKernel> {
  return {
    take1(src, sel, m, out) {
      const { u32, u8 } = memory
      const x = src >>> 0
      const at = sel >>> 2
      const to = out >>> 0
      for (let j = 0; j < m; j++) u8[to + j] = u8[x + u32[at + j]!]!
    },

    take4(src, sel, m, out) {
      const { u32 } = memory
      const x = src >>> 2
      const at = sel >>> 2
      const to = out >>> 2
      for (let j = 0; j < m; j++) u32[to + j] = u32[x + u32[at + j]!]!
    },

    take8(src, sel, m, out) {
      const u32 = memory.u32
      const x = src >>> 2
      const at = sel >>> 2
      const to = out >>> 2
      for (let j = 0; j < m; j++) {
        const from = x + u32[at + j]! * 2
        u32[to + j * 2] = u32[from]!
        u32[to + j * 2 + 1] = u32[from + 1]!
      }
    },

    takeBits(bits, sel, m, bitsOut) {
      const { u8, u32 } = memory
      const x = bits >>> 0
      const at = sel >>> 2
      const to = bitsOut >>> 0
      for (let j = 0; j < m; j += 8) {
        const end = Math.min(m - j, 8)
        let byte = 0
        for (let bit = 0; bit < end; bit++) {
          const row = u32[at + j + bit]!
          byte |= ((u8[x + (row >>> 3)]! >>> (row & 7)) & 1) << bit
        }
        u8[to + (j >>> 3)] = byte
      }
    },
  }
}
