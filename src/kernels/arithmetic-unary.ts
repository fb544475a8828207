import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'

/** Half away from zero. x - trunc(x) is exact, so nothing below a half is taken for one. */
function rounded(x: number): number {
  const whole = Math.trunc(x)
  return Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole
}

type UnaryKernel = 'negF64' | 'absF64' | 'floorF64' | 'ceilF64' | 'roundF64' | 'sqrtF64' | 'nonZeroF64'

/** Element-wise functions of one f64 column. */
export function arithmeticUnaryKernels(memory: LinearMemory): Pick<KernelExports, UnaryKernel> {
  return {
    negF64(a, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = -f[x + i]!
    },

    absF64(a, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = Math.abs(f[x + i]!)
    },

    floorF64(a, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = Math.floor(f[x + i]!)
    },

    ceilF64(a, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = Math.ceil(f[x + i]!)
    },

    roundF64(a, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = rounded(f[x + i]!)
    },

    sqrtF64(a, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = Math.sqrt(f[x + i]!)
    },

    nonZeroF64(b, n, bitsOut) {
      const { f64, u8 } = memory
      const y = b >>> 3
      const to = bitsOut >>> 0
      for (let i = 0; i < n; i += 8) {
        const end = Math.min(n - i, 8)
        let byte = 0
        for (let bit = 0; bit < end; bit++) byte |= (f64[y + i + bit] !== 0 ? 1 : 0) << bit
        u8[to + (i >>> 3)] = byte
      }
    },
  }
}
