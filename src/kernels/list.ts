import { BUFFER_ADDRESS, BUFFER_CAPACITY, BUFFER_COUNT } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hasValue, rowAt } from './rows.ts'

type ListKernels = Pick<KernelExports, 'accumulateList8' | 'combineList8'>

/** Twins of assembly/list.ts. */
export function listKernels(memory: LinearMemory): ListKernels {
  return {
    accumulateList8(addr, sel, from, m, a, validity, at) {
      const { u8, u32, f64 } = memory
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        if (!hasValue(u8, validity, row)) continue
        const field = u32[(addr >>> 2) + j - from]! + at
        const count = f64[(field + BUFFER_COUNT) >>> 3]!
        if (count >= u32[(field + BUFFER_CAPACITY) >>> 2]!) return j
        const element = (u32[(field + BUFFER_ADDRESS) >>> 2]! >>> 2) + count * 2
        u32[element] = u32[(a >>> 2) + row * 2]!
        u32[element + 1] = u32[(a >>> 2) + row * 2 + 1]!
        f64[(field + BUFFER_COUNT) >>> 3] = count + 1
      }
      return m
    },

    combineList8(dst, src, from, m, at) {
      const { u8, u32, f64 } = memory
      for (let j = from; j < m; j++) {
        const field = u32[(dst >>> 2) + j - from]! + at
        const taken = u32[(src >>> 2) + j - from]! + at
        const count = f64[(field + BUFFER_COUNT) >>> 3]!
        const added = f64[(taken + BUFFER_COUNT) >>> 3]!
        if (added === 0) continue
        if (count + added > u32[(field + BUFFER_CAPACITY) >>> 2]!) return j
        const list = u32[(taken + BUFFER_ADDRESS) >>> 2]!
        u8.copyWithin(u32[(field + BUFFER_ADDRESS) >>> 2]! + count * 8, list, list + added * 8)
        f64[(field + BUFFER_COUNT) >>> 3] = count + added
      }
      return m
    },
  }
}
