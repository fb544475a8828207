import { EXTREME_BYTES } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { accumulateF64, lower, raise } from './accumulate-f64.ts'

type ExtremeKernels = Pick<
  KernelExports,
  'accumulateMinF64' | 'accumulateMaxF64' | 'accumulateMinMaxF64' | 'combineMinF64' | 'combineMaxF64'
>

/** Twins of assembly/extremes.ts. */
export function extremeKernels(memory: LinearMemory): ExtremeKernels {
  return {
    accumulateMinF64(addr, sel, from, m, a, validity, at) {
      accumulateF64(memory, addr, sel, from, m, a, validity, { sumAt: -1, minAt: at, maxAt: -1 })
    },

    accumulateMaxF64(addr, sel, from, m, a, validity, at) {
      accumulateF64(memory, addr, sel, from, m, a, validity, { sumAt: -1, minAt: -1, maxAt: at })
    },

    accumulateMinMaxF64(addr, sel, from, m, a, validity, minAt) {
      const fields = { sumAt: -1, minAt, maxAt: minAt + EXTREME_BYTES }
      accumulateF64(memory, addr, sel, from, m, a, validity, fields)
    },

    combineMinF64(dst, src, m, at) {
      const { u32, f64 } = memory
      for (let j = 0; j < m; j++) {
        lower(f64, u32[(dst >>> 2) + j]! + at, f64[(u32[(src >>> 2) + j]! + at) >>> 3]!)
      }
    },

    combineMaxF64(dst, src, m, at) {
      const { u32, f64 } = memory
      for (let j = 0; j < m; j++) {
        raise(f64, u32[(dst >>> 2) + j]! + at, f64[(u32[(src >>> 2) + j]! + at) >>> 3]!)
      }
    },
  }
}
