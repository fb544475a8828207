import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'

/** Zeros in the bits after the n-th of the last byte. */
function clearSpareBits(u8: Uint8Array, bits: number, n: number): void {
  const used = n & 7
  if (used !== 0) u8[bits + (n >>> 3)]! &= (1 << used) - 1
}

type BitmapKernel = 'andBits' | 'orBits' | 'fillBits' | 'shiftBits'

/** Bitmaps: bit i of byte i >>> 3. Every bitmap written ends with zeros in the spare bits of its last byte. */
export function bitmapKernels(memory: LinearMemory): Pick<KernelExports, BitmapKernel> {
  return {
    andBits(a, b, n, out) {
      const u8 = memory.u8
      const x = a >>> 0
      const y = b >>> 0
      const to = out >>> 0
      const bytes = (n + 7) >>> 3
      for (let i = 0; i < bytes; i++) u8[to + i] = u8[x + i]! & u8[y + i]!
      clearSpareBits(u8, to, n)
    },

    orBits(a, b, n, out) {
      const u8 = memory.u8
      const x = a >>> 0
      const y = b >>> 0
      const to = out >>> 0
      const bytes = (n + 7) >>> 3
      for (let i = 0; i < bytes; i++) u8[to + i] = u8[x + i]! | u8[y + i]!
      clearSpareBits(u8, to, n)
    },

    fillBits(out, n, bit) {
      const u8 = memory.u8
      const to = out >>> 0
      u8.fill(bit ? 255 : 0, to, to + ((n + 7) >>> 3))
      clearSpareBits(u8, to, n)
    },

    shiftBits(src, from, n, out) {
      const u8 = memory.u8
      const shift = from & 7
      const x = (src >>> 0) + (from >>> 3)
      const to = out >>> 0
      const bytes = (n + 7) >>> 3
      // What comes after the last wanted bit may be another buffer's: it ends in the spare bits, which are cleared.
      for (let i = 0; i < bytes; i++) u8[to + i] = (u8[x + i]! | (u8[x + i + 1]! << 8)) >>> shift
      clearSpareBits(u8, to, n)
    },
  }
}
