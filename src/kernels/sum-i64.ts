import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hasValue, rowAt } from './rows.ts'

type SumI64Kernels = Pick<KernelExports, 'accumulateSumI64' | 'combineSumI64'>

/** Twins of assembly/sum-i64.ts. */
export function sumI64Kernels(memory: LinearMemory): SumI64Kernels {
  /** Adds and returns true, or leaves the field alone and returns false when the sum is outside of i64. */
  const add = (field: number, value: bigint): boolean => {
    const total = memory.i64[field >>> 3]! + value
    if (BigInt.asIntN(64, total) !== total) return false
    memory.i64[field >>> 3] = total
    return true
  }

  return {
    accumulateSumI64(addr, sel, from, m, a, validity, at) {
      const { u8, u32, i64 } = memory
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        if (!hasValue(u8, validity, row)) continue
        if (!add(u32[(addr >>> 2) + j - from]! + at, i64[(a >>> 3) + row]!)) return j
      }
      return m
    },

    combineSumI64(dst, src, m, at) {
      const { u32, i64 } = memory
      for (let j = 0; j < m; j++) {
        if (!add(u32[(dst >>> 2) + j]! + at, i64[(u32[(src >>> 2) + j]! + at) >>> 3]!)) return j
      }
      return m
    },
  }
}
