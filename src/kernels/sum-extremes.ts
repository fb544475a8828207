import { EXTREME_BYTES } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { accumulateF64 } from './accumulate-f64.ts'

type SumExtremeKernels = Pick<KernelExports, 'accumulateSumMinF64' | 'accumulateSumMaxF64' | 'accumulateSumMinMaxF64'>

/** Twins of assembly/sum-extremes.ts. */
export function sumExtremeKernels(memory: LinearMemory): SumExtremeKernels {
  return {
    accumulateSumMinF64(addr, sel, from, m, a, validity, sumAt, minAt) {
      accumulateF64(memory, addr, sel, from, m, a, validity, { sumAt, minAt, maxAt: -1 })
    },

    accumulateSumMaxF64(addr, sel, from, m, a, validity, sumAt, maxAt) {
      accumulateF64(memory, addr, sel, from, m, a, validity, { sumAt, minAt: -1, maxAt })
    },

    accumulateSumMinMaxF64(addr, sel, from, m, a, validity, sumAt, minAt) {
      accumulateF64(memory, addr, sel, from, m, a, validity, { sumAt, minAt, maxAt: minAt + EXTREME_BYTES })
    },
  }
}
