import { SUM_F64_CARRY, SUM_F64_SUM } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { accumulateF64, addSum } from './accumulate-f64.ts'

type SumKernels = Pick<KernelExports, 'accumulateSumF64' | 'combineSumF64' | 'finishSumF64' | 'finishAvgF64'>

/** Twins of assembly/sum.ts. */
export function sumKernels(memory: LinearMemory): SumKernels {
  /** Once the sum is infinite or NaN, the carry means nothing. */
  const finished = (field: number): number => {
    const sum = memory.f64[(field + SUM_F64_SUM) >>> 3]!
    return Number.isFinite(sum) ? sum + memory.f64[(field + SUM_F64_CARRY) >>> 3]! : sum
  }

  return {
    accumulateSumF64(addr, sel, from, m, a, validity, at) {
      accumulateF64(memory, addr, sel, from, m, a, validity, { sumAt: at, minAt: -1, maxAt: -1 })
    },

    combineSumF64(dst, src, m, at) {
      const { u32, f64 } = memory
      for (let j = 0; j < m; j++) {
        const taken = u32[(src >>> 2) + j]! + at
        const carry = f64[(taken + SUM_F64_CARRY) >>> 3]!
        addSum(f64, u32[(dst >>> 2) + j]! + at, f64[(taken + SUM_F64_SUM) >>> 3]!, carry)
      }
    },

    finishSumF64(addr, m, at, out) {
      const { u32, f64 } = memory
      for (let j = 0; j < m; j++) f64[(out >>> 3) + j] = finished(u32[(addr >>> 2) + j]! + at)
    },

    finishAvgF64(addr, m, at, countAt, out) {
      const { u32, f64 } = memory
      for (let j = 0; j < m; j++) {
        const record = u32[(addr >>> 2) + j]!
        f64[(out >>> 3) + j] = finished(record + at) / f64[(record + countAt) >>> 3]!
      }
    },
  }
}
