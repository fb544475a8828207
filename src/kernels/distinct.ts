import { BUFFER_ADDRESS, BUFFER_CAPACITY, BUFFER_COUNT, SET_ZERO } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hash64 } from './hash.ts'
import { insertNonZero, type Told, tell } from './hash-set.ts'
import { hasValue, rowAt } from './rows.ts'

type DistinctKernels = Pick<
  KernelExports,
  'accumulateDistinctF64' | 'accumulateDistinct8' | 'accumulateDistinct4' | 'combineDistinct' | 'rehashSet'
>

/** Twins of assembly/distinct.ts. */
export function distinctKernels(memory: LinearMemory): DistinctKernels {
  const insert = (field: number, low: number, high: number): boolean => {
    const { f64 } = memory
    if (low !== 0 || high !== 0) return insertNonZero(memory, field, low, high)
    if (f64[(field + SET_ZERO) >>> 3] === 0) {
      f64[(field + SET_ZERO) >>> 3] = 1
      f64[(field + BUFFER_COUNT) >>> 3]! += 1
    }
    return true
  }

  const accumulate =
    (told: Told): KernelExports['accumulateDistinct8'] =>
    (addr, sel, from, m, a, validity, at) => {
      const { u8, u32 } = memory
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        if (!hasValue(u8, validity, row)) continue
        const field = u32[(addr >>> 2) + j - from]! + at
        if (!tell(memory, told, a, row, (low, high) => insert(field, low, high))) return j
      }
      return m
    }

  return {
    accumulateDistinctF64: accumulate('f64'),
    accumulateDistinct8: accumulate(8),
    accumulateDistinct4: accumulate(4),

    combineDistinct(dst, src, from, m, at) {
      const { u32, f64 } = memory
      for (let j = from; j < m; j++) {
        const field = u32[(dst >>> 2) + j - from]! + at
        const taken = u32[(src >>> 2) + j - from]! + at
        const slots = u32[(taken + BUFFER_ADDRESS) >>> 2]! >>> 2
        const end = slots + u32[(taken + BUFFER_CAPACITY) >>> 2]! * 2
        for (let slot = slots; slot < end; slot += 2) {
          if (u32[slot] === 0 && u32[slot + 1] === 0) continue
          if (!insertNonZero(memory, field, u32[slot]!, u32[slot + 1]!)) return j
        }
        if (f64[(taken + SET_ZERO) >>> 3] !== 0) insert(field, 0, 0)
      }
      return m
    },

    rehashSet(slots, capacity, out, outCapacity) {
      const { u32 } = memory
      const first = slots >>> 2
      for (let slot = first; slot < first + capacity * 2; slot += 2) {
        if (u32[slot] === 0 && u32[slot + 1] === 0) continue
        let at = u32[slot]! & (outCapacity - 1)
        const isTaken = () => u32[(out >>> 2) + at * 2] !== 0 || u32[(out >>> 2) + at * 2 + 1] !== 0
        if (isTaken()) {
          at = hash64(u32[slot]!, u32[slot + 1]!) & (outCapacity - 1)
          while (isTaken()) at = (at + 1) & (outCapacity - 1)
        }
        u32[(out >>> 2) + at * 2] = u32[slot]!
        u32[(out >>> 2) + at * 2 + 1] = u32[slot + 1]!
      }
    },
  }
}
