import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'

type ChooseKernel = 'choose1' | 'choose4' | 'choose8' | 'chooseBits'

/** Row by row one of two columns, as a mask (0 or 1) says. Eight bytes go as two words: any bit pattern arrives as it was, and no BigInt is made. */
export function chooseKernels(memory: LinearMemory): Pick<KernelExports, ChooseKernel> {
  return {
    choose1(mask, a, b, n, out) {
      const u8 = memory.u8
      const chosen = mask >>> 0
      const x = a >>> 0
      const y = b >>> 0
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = u8[(u8[chosen + i] ? x : y) + i]!
    },

    choose4(mask, a, b, n, out) {
      const { u8, u32 } = memory
      const chosen = mask >>> 0
      const x = a >>> 2
      const y = b >>> 2
      const to = out >>> 2
      for (let i = 0; i < n; i++) u32[to + i] = u32[(u8[chosen + i] ? x : y) + i]!
    },

    choose8(mask, a, b, n, out) {
      const { u8, u32 } = memory
      const chosen = mask >>> 0
      const x = a >>> 2
      const y = b >>> 2
      const to = out >>> 2
      for (let i = 0; i < n; i++) {
        const from = (u8[chosen + i] ? x : y) + i * 2
        u32[to + i * 2] = u32[from]!
        u32[to + i * 2 + 1] = u32[from + 1]!
      }
    },

    chooseBits(mask, a, b, n, bitsOut) {
      const u8 = memory.u8
      const chosen = mask >>> 0
      const x = a >>> 0
      const y = b >>> 0
      const to = bitsOut >>> 0
      for (let i = 0; i < n; i += 8) {
        const end = Math.min(n - i, 8)
        const first = u8[x + (i >>> 3)]!
        const second = u8[y + (i >>> 3)]!
        let byte = 0
        for (let bit = 0; bit < end; bit++) byte |= (u8[chosen + i + bit] ? first : second) & (1 << bit)
        u8[to + (i >>> 3)] = byte
      }
    },
  }
}
