import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'

type MaskKernel =
  | 'andMask'
  | 'orMask'
  | 'notMask'
  | 'andMaskBits'
  | 'orMaskNotBits'
  | 'maskFromBits'
  | 'selectMask'
  | 'refineSelection'

/** Masks, one byte a row (0 or 1). */
export function maskKernels(memory: LinearMemory): Pick<KernelExports, MaskKernel> {
  return {
    andMask(a, b, n, out) {
      const u8 = memory.u8
      const x = a >>> 0
      const y = b >>> 0
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = u8[x + i]! & u8[y + i]!
    },

    orMask(a, b, n, out) {
      const u8 = memory.u8
      const x = a >>> 0
      const y = b >>> 0
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = u8[x + i]! | u8[y + i]!
    },

    notMask(a, n, out) {
      const u8 = memory.u8
      const x = a >>> 0
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = u8[x + i]! ^ 1
    },

    andMaskBits(a, bits, n, out) {
      const u8 = memory.u8
      const x = a >>> 0
      const y = bits >>> 0
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = u8[x + i]! & (u8[y + (i >>> 3)]! >>> (i & 7)) & 1
    },

    orMaskNotBits(a, bits, n, out) {
      const u8 = memory.u8
      const x = a >>> 0
      const y = bits >>> 0
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = u8[x + i]! | (~(u8[y + (i >>> 3)]! >>> (i & 7)) & 1)
    },

    maskFromBits(bits, n, out) {
      const u8 = memory.u8
      const x = bits >>> 0
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = (u8[x + (i >>> 3)]! >>> (i & 7)) & 1
    },

    selectMask(a, n, selOut) {
      const { u8, u32 } = memory
      const x = a >>> 0
      const first = selOut >>> 2
      let to = first
      for (let i = 0; i < n; i++) {
        // Without a branch on the data: a position that isn't set is overwritten by the next one.
        u32[to] = i
        to += u8[x + i]!
      }
      return to - first
    },

    refineSelection(a, sel, m, selOut) {
      const { u8, u32 } = memory
      const x = a >>> 0
      const from = sel >>> 2
      const first = selOut >>> 2
      let to = first
      for (let j = 0; j < m; j++) {
        const row = u32[from + j]!
        u32[to] = row
        to += u8[x + row]!
      }
      return to - first
    },
  }
}
