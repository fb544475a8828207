import { MOMENTS_COUNT, MOMENTS_M2, MOMENTS_MEAN } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hasValue, rowAt } from './rows.ts'

type MomentKernels = Pick<
  KernelExports,
  'accumulateMomentsF64' | 'combineMomentsF64' | 'finishVarianceF64' | 'finishStdDevF64'
>

/** Twins of assembly/moments.ts. */
export function momentKernels(memory: LinearMemory): MomentKernels {
  const variance = (field: number, ddof: number): number => {
    const divisor = memory.f64[(field + MOMENTS_COUNT) >>> 3]! - ddof
    return divisor > 0 ? memory.f64[(field + MOMENTS_M2) >>> 3]! / divisor : 0
  }

  return {
    accumulateMomentsF64(addr, sel, from, m, a, validity, at) {
      const { u8, u32, f64 } = memory
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        if (!hasValue(u8, validity, row)) continue
        const field = u32[(addr >>> 2) + j - from]! + at
        const value = f64[(a >>> 3) + row]!
        const count = f64[(field + MOMENTS_COUNT) >>> 3]! + 1
        const mean = f64[(field + MOMENTS_MEAN) >>> 3]!
        const delta = value - mean
        const newMean = mean + delta / count
        f64[(field + MOMENTS_MEAN) >>> 3] = newMean
        f64[(field + MOMENTS_M2) >>> 3]! += delta * (value - newMean)
        f64[(field + MOMENTS_COUNT) >>> 3] = count
      }
    },

    combineMomentsF64(dst, src, m, at) {
      const { u32, f64 } = memory
      for (let j = 0; j < m; j++) {
        const field = u32[(dst >>> 2) + j]! + at
        const taken = u32[(src >>> 2) + j]! + at
        const added = f64[(taken + MOMENTS_COUNT) >>> 3]!
        if (added === 0) continue
        const before = f64[(field + MOMENTS_COUNT) >>> 3]!
        const count = before + added
        const mean = f64[(field + MOMENTS_MEAN) >>> 3]!
        const delta = f64[(taken + MOMENTS_MEAN) >>> 3]! - mean
        f64[(field + MOMENTS_MEAN) >>> 3] = mean + (delta * added) / count
        f64[(field + MOMENTS_M2) >>> 3] =
          f64[(field + MOMENTS_M2) >>> 3]! + f64[(taken + MOMENTS_M2) >>> 3]! + (delta * delta * before * added) / count
        f64[(field + MOMENTS_COUNT) >>> 3] = count
      }
    },

    finishVarianceF64(addr, m, at, ddof, out) {
      const { u32, f64 } = memory
      for (let j = 0; j < m; j++) f64[(out >>> 3) + j] = variance(u32[(addr >>> 2) + j]! + at, ddof)
    },

    finishStdDevF64(addr, m, at, ddof, out) {
      const { u32, f64 } = memory
      for (let j = 0; j < m; j++) f64[(out >>> 3) + j] = Math.sqrt(variance(u32[(addr >>> 2) + j]! + at, ddof))
    },
  }
}
