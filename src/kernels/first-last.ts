import { EDGE_RANK, EDGE_VALUE } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hasValue, rowAt } from './rows.ts'

type EdgeKernels = Pick<
  KernelExports,
  'accumulateFirst8' | 'accumulateLast8' | 'accumulateFirst4' | 'accumulateLast4' | 'combineFirst' | 'combineLast'
>

/** Twins of assembly/first-last.ts. */
export function edgeKernels(memory: LinearMemory): EdgeKernels {
  const rankOf = (field: number): number => memory.f64[(field + EDGE_RANK) >>> 3]!

  const set = (field: number, low: number, high: number, rank: number): void => {
    memory.u32[(field + EDGE_VALUE) >>> 2] = low
    memory.u32[((field + EDGE_VALUE) >>> 2) + 1] = high
    memory.f64[(field + EDGE_RANK) >>> 3] = rank
  }

  const accumulate =
    (first: boolean, width: 4 | 8): KernelExports['accumulateFirst8'] =>
    (addr, sel, from, m, a, validity, rank, at) => {
      const { u8, u32 } = memory
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        const field = u32[(addr >>> 2) + j - from]! + at
        if (!hasValue(u8, validity, row) || (first && rankOf(field) !== 0)) continue
        const value = (a + row * width) >>> 2
        set(field, u32[value]!, width === 8 ? u32[value + 1]! : 0, rank + row)
      }
    }

  const combine =
    (first: boolean): KernelExports['combineFirst'] =>
    (dst, src, m, at) => {
      const { u32 } = memory
      for (let j = 0; j < m; j++) {
        const field = u32[(dst >>> 2) + j]! + at
        const taken = u32[(src >>> 2) + j]! + at
        const rank = rankOf(taken)
        const known = rankOf(field)
        // A rank that is no number, out of a state that nobody wrote, comes neither before nor behind any other.
        const isTaken = first ? rank !== 0 && (known === 0 || rank < known) : rank > known
        if (!isTaken) continue
        set(field, u32[(taken + EDGE_VALUE) >>> 2]!, u32[((taken + EDGE_VALUE) >>> 2) + 1]!, rank)
      }
    }

  return {
    accumulateFirst8: accumulate(true, 8),
    accumulateLast8: accumulate(false, 8),
    accumulateFirst4: accumulate(true, 4),
    accumulateLast4: accumulate(false, 4),
    combineFirst: combine(true),
    combineLast: combine(false),
  }
}
