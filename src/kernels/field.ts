import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'

type FieldKernels = Pick<KernelExports, 'takeField8' | 'takeField4' | 'takeField1' | 'fieldAbove'>

/** Twins of assembly/field.ts. */
export function fieldKernels(memory: LinearMemory): FieldKernels {
  return {
    takeField8(addr, m, at, out) {
      const { u32 } = memory
      for (let j = 0; j < m; j++) {
        const field = (u32[(addr >>> 2) + j]! + at) >>> 2
        u32[(out >>> 2) + j * 2] = u32[field]!
        u32[(out >>> 2) + j * 2 + 1] = u32[field + 1]!
      }
    },

    takeField4(addr, m, at, out) {
      const { u32 } = memory
      for (let j = 0; j < m; j++) u32[(out >>> 2) + j] = u32[(u32[(addr >>> 2) + j]! + at) >>> 2]!
    },

    takeField1(addr, m, at, out) {
      const { u8, u32 } = memory
      for (let j = 0; j < m; j++) u8[(out >>> 0) + j] = u8[(u32[(addr >>> 2) + j]! + at) >>> 0]!
    },

    fieldAbove(addr, m, at, floor, bitsOut) {
      const { u8, u32, f64 } = memory
      u8.fill(0, bitsOut >>> 0, (bitsOut >>> 0) + ((m + 7) >>> 3))
      for (let j = 0; j < m; j++) {
        if (f64[(u32[(addr >>> 2) + j]! + at) >>> 3]! > floor) u8[(bitsOut >>> 0) + (j >>> 3)]! |= 1 << (j & 7)
      }
    },
  }
}
