import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'

/** The smaller number; a NaN operand is ignored, -0 < +0. */
function lesser(x: number, y: number): number {
  if (Number.isNaN(x)) return y
  if (Number.isNaN(y)) return x
  return Math.min(x, y)
}

/** The greater number; a NaN operand is ignored, -0 < +0. */
function greater(x: number, y: number): number {
  if (Number.isNaN(x)) return y
  if (Number.isNaN(y)) return x
  return Math.max(x, y)
}

type ArithmeticKernel =
  | 'addF64ColCol'
  | 'addF64ColConst'
  | 'subF64ColCol'
  | 'subF64ColConst'
  | 'subF64ConstCol'
  | 'mulF64ColCol'
  | 'mulF64ColConst'
  | 'mulAddF64ColConstCol'
  | 'divF64ColCol'
  | 'divF64ColConst'
  | 'divF64ConstCol'
  | 'minF64ColCol'
  | 'minF64ColConst'
  | 'maxF64ColCol'
  | 'maxF64ColConst'

/** Element-wise arithmetic over f64. */
export function arithmeticKernels(memory: LinearMemory): Pick<KernelExports, ArithmeticKernel> {
  return {
    addF64ColCol(a, b, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = f[x + i]! + f[y + i]!
    },

    addF64ColConst(a, k, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = f[x + i]! + k
    },

    subF64ColCol(a, b, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = f[x + i]! - f[y + i]!
    },

    subF64ColConst(a, k, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = f[x + i]! - k
    },

    subF64ConstCol(k, b, n, out) {
      const f = memory.f64
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = k - f[y + i]!
    },

    mulF64ColCol(a, b, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = f[x + i]! * f[y + i]!
    },

    mulF64ColConst(a, k, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = f[x + i]! * k
    },

    mulAddF64ColConstCol(a, k, b, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = f[x + i]! * k + f[y + i]!
    },

    divF64ColCol(a, b, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = f[x + i]! / f[y + i]!
    },

    divF64ColConst(a, k, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = f[x + i]! / k
    },

    divF64ConstCol(k, b, n, out) {
      const f = memory.f64
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = k / f[y + i]!
    },

    minF64ColCol(a, b, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = lesser(f[x + i]!, f[y + i]!)
    },

    minF64ColConst(a, k, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = lesser(f[x + i]!, k)
    },

    maxF64ColCol(a, b, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = greater(f[x + i]!, f[y + i]!)
    },

    maxF64ColConst(a, k, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = greater(f[x + i]!, k)
    },
  }
}
