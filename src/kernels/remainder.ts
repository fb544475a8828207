import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'

type RemainderKernel =
  | 'modF64ColCol'
  | 'modF64ColConst'
  | 'modF64ConstCol'
  | 'floorDivF64ColConst'
  | 'floorModF64ColConst'
  | 'floorToF64'

/** Remainders of f64, and the division that goes with the floored one. */
export function remainderKernels(memory: LinearMemory): Pick<KernelExports, RemainderKernel> {
  return {
    modF64ColCol(a, b, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = remainder(f[x + i]!, f[y + i]!)
    },

    modF64ColConst(a, k, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = remainder(f[x + i]!, k)
    },

    modF64ConstCol(k, b, n, out) {
      const f = memory.f64
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = remainder(k, f[y + i]!)
    },

    floorDivF64ColConst(a, k, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f[to + i] = Math.floor(f[x + i]! / k)
    },

    floorModF64ColConst(a, k, n, out) {
      const f = memory.f64
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) {
        const value = f[x + i]!
        f[to + i] = value - k * Math.floor(value / k)
      }
    },

    floorToF64(time, size, offset, n, out) {
      const f = memory.f64
      const times = time >>> 3
      const to = out >>> 3
      const before = offset === 0 ? 0 : offset - size
      for (let i = 0; i < n; i++) {
        const t = f[times + i]!
        const shift = t < 0 ? before : offset
        const start = shift + size * Math.floor((t - shift) / size)
        f[to + i] = start < Number.MIN_SAFE_INTEGER ? Number.MIN_SAFE_INTEGER : start
      }
    },
  }
}

/**
 * `x % y`, for which engines call a function of their own that goes bit by bit. Of whole numbers that f64 holds exactly the
 * rounded quotient truncates to the true one, and nothing else is rounded: see assembly/remainder.ts.
 */
function remainder(x: number, y: number): number {
  if (x > 0 && x <= Number.MAX_SAFE_INTEGER && Math.trunc(x) === x && isWholeDivisor(y))
    return x - Math.trunc(x / y) * y
  return x % y
}

function isWholeDivisor(y: number): boolean {
  return y !== 0 && Math.abs(y) <= Number.MAX_SAFE_INTEGER && Math.trunc(y) === y
}
