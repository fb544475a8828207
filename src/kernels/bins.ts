import { BIN_COUNT, BUFFER_ADDRESS, BUFFER_CAPACITY, BUFFER_COUNT } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hash64 } from './hash.ts'
import { tell } from './hash-set.ts'
import { hasValue, rowAt } from './rows.ts'

type BinKernels = Pick<KernelExports, 'accumulateBinsF64' | 'combineBins' | 'rehashBins'>

/** Twins of assembly/bins.ts. */
export function binKernels(memory: LinearMemory): BinKernels {
  const countOf = (slot: number): number => memory.f64[(slot + BIN_COUNT) >>> 3]!

  /** Address of a bin's slot, or of the empty one where it belongs. */
  const slotOf = (bins: number, capacity: number, low: number, high: number): number => {
    const { u32 } = memory
    for (let at = hash64(low, high) & (capacity - 1); ; at = (at + 1) & (capacity - 1)) {
      const slot = bins + at * 16
      if (countOf(slot) === 0 || (u32[slot >>> 2] === low && u32[(slot >>> 2) + 1] === high)) return slot
    }
  }

  const put = (slot: number, low: number, high: number, count: number): void => {
    memory.u32[slot >>> 2] = low
    memory.u32[(slot >>> 2) + 1] = high
    memory.f64[(slot + BIN_COUNT) >>> 3] = count
  }

  const add = (field: number, low: number, high: number): boolean => {
    const { u32, f64 } = memory
    const capacity = u32[(field + BUFFER_CAPACITY) >>> 2]!
    if (capacity === 0) return false
    const slot = slotOf(u32[(field + BUFFER_ADDRESS) >>> 2]!, capacity, low, high)
    const count = countOf(slot)
    if (count === 0) {
      const bins = f64[(field + BUFFER_COUNT) >>> 3]! + 1
      if (bins * 2 > capacity) return false
      f64[(field + BUFFER_COUNT) >>> 3] = bins
    }
    put(slot, low, high, count + 1)
    return true
  }

  return {
    accumulateBinsF64(addr, sel, from, m, a, validity, keep, at) {
      const { u8, u32 } = memory
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        if (!hasValue(u8, validity, row)) continue
        const field = u32[(addr >>> 2) + j - from]! + at
        if (!tell(memory, 'f64', a, row, (_, high) => add(field, 0, (high & keep) >>> 0))) return j
      }
      return m
    },

    combineBins(dst, src, from, m, at) {
      const { u32, f64 } = memory
      for (let j = from; j < m; j++) {
        const field = u32[(dst >>> 2) + j - from]! + at
        const taken = u32[(src >>> 2) + j - from]! + at
        const added = f64[(taken + BUFFER_COUNT) >>> 3]!
        const capacity = u32[(field + BUFFER_CAPACITY) >>> 2]!
        let count = f64[(field + BUFFER_COUNT) >>> 3]!
        if (added === 0) continue
        if ((count + added) * 2 > capacity) return j
        const bins = u32[(taken + BUFFER_ADDRESS) >>> 2]!
        for (let i = 0; i < u32[(taken + BUFFER_CAPACITY) >>> 2]!; i++) {
          const bin = bins + i * 16
          const more = countOf(bin)
          if (more === 0) continue
          const low = u32[bin >>> 2]!
          const high = u32[(bin >>> 2) + 1]!
          const slot = slotOf(u32[(field + BUFFER_ADDRESS) >>> 2]!, capacity, low, high)
          const before = countOf(slot)
          if (before === 0) count += 1
          put(slot, low, high, before + more)
        }
        f64[(field + BUFFER_COUNT) >>> 3] = count
      }
      return m
    },

    rehashBins(bins, capacity, out, outCapacity) {
      const { u32 } = memory
      for (let i = 0; i < capacity; i++) {
        const bin = bins + i * 16
        const count = countOf(bin)
        if (count === 0) continue
        const low = u32[bin >>> 2]!
        const high = u32[(bin >>> 2) + 1]!
        put(slotOf(out, outCapacity, low, high), low, high, count)
      }
    },
  }
}
