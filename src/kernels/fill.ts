import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'

type FillKernel = 'fill1' | 'fillI32' | 'fillF64' | 'fillF32' | 'fillI64'

/** One value in every row. */
export function fillKernels(memory: LinearMemory): Pick<KernelExports, FillKernel> {
  return {
    fill1(out, n, value) {
      const to = out >>> 0
      memory.u8.fill(value, to, to + n)
    },

    fillI32(out, n, value) {
      const to = out >>> 2
      memory.i32.fill(value, to, to + n)
    },

    fillF64(out, n, value) {
      const to = out >>> 3
      memory.f64.fill(value, to, to + n)
    },

    fillF32(out, n, value) {
      const to = out >>> 2
      memory.f32.fill(value, to, to + n)
    },

    fillI64(out, n, value) {
      const to = out >>> 3
      memory.i64.fill(value, to, to + n)
    },
  }
}
