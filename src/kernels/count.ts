import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hasValue, rowAt } from './rows.ts'

type CountKernels = Pick<
  KernelExports,
  'accumulateCountValid' | 'accumulateCountMask' | 'accumulateCountMasks2' | 'accumulateCountMasks3' | 'combineCount'
>

/** Twins of assembly/count.ts. */
export function countKernels(memory: LinearMemory): CountKernels {
  const countMask: KernelExports['accumulateCountMask'] = (addr, sel, from, m, mask, at) => {
    const { u8, u32, f64 } = memory
    for (let j = from; j < m; j++) {
      f64[(u32[(addr >>> 2) + j - from]! + at) >>> 3]! += u8[(mask >>> 0) + rowAt(u32, sel, j)]!
    }
  }
  return {
    accumulateCountValid(addr, sel, from, m, validity, at) {
      const { u8, u32, f64 } = memory
      for (let j = from; j < m; j++) {
        if (hasValue(u8, validity, rowAt(u32, sel, j))) f64[(u32[(addr >>> 2) + j - from]! + at) >>> 3]! += 1
      }
    },

    accumulateCountMask: countMask,

    accumulateCountMasks2(addr, sel, from, m, maskA, atA, maskB, atB) {
      countMask(addr, sel, from, m, maskA, atA)
      countMask(addr, sel, from, m, maskB, atB)
    },

    accumulateCountMasks3(addr, sel, from, m, maskA, atA, maskB, atB, maskC, atC) {
      countMask(addr, sel, from, m, maskA, atA)
      countMask(addr, sel, from, m, maskB, atB)
      countMask(addr, sel, from, m, maskC, atC)
    },

    combineCount(dst, src, m, at) {
      const { u32, f64 } = memory
      for (let j = 0; j < m; j++) {
        f64[(u32[(dst >>> 2) + j]! + at) >>> 3]! += f64[(u32[(src >>> 2) + j]! + at) >>> 3]!
      }
    },
  }
}
