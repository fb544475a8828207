import { ARG_BY, ARG_RANK, ARG_VALUE } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hasValue, rowAt } from './rows.ts'

type ArgKernels = Pick<KernelExports, 'accumulateArgF64' | 'accumulateArgI64' | 'combineArgF64' | 'combineArgI64'>

/** Twins of assembly/arg-extreme.ts. */
export function argExtremeKernels(memory: LinearMemory): ArgKernels {
  const at8 = (isFloat: boolean, address: number): number | bigint =>
    isFloat ? memory.f64[address >>> 3]! : memory.i64[address >>> 3]!

  const replaces = (greatest: number, given: number | bigint, kept: number | bigint): boolean => {
    if (Number.isNaN(kept)) return !Number.isNaN(given)
    return greatest !== 0 ? given > kept : given < kept
  }

  const copyWord = (from: number, to: number): void => {
    memory.u32[to >>> 2] = memory.u32[from >>> 2]!
  }

  /** Keeps the value at `value`, of 8 bytes or of 4, and the one at `by` that it stands beside. */
  const keep = (field: number, by: number, value: number, wide: number, rank: number): void => {
    copyWord(by, field + ARG_BY)
    copyWord(by + 4, field + ARG_BY + 4)
    copyWord(value, field + ARG_VALUE)
    memory.u32[(field + ARG_VALUE + 4) >>> 2] = wide === 0 ? 0 : memory.u32[(value + 4) >>> 2]!
    memory.f64[(field + ARG_RANK) >>> 3] = rank
  }

  const accumulate =
    (isFloat: boolean): KernelExports['accumulateArgF64'] =>
    (addr, sel, from, m, by, validity, a, wide, greatest, rank, at) => {
      const { u8, u32, f64 } = memory
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        if (!hasValue(u8, validity, row)) continue
        const field = u32[(addr >>> 2) + j - from]! + at
        const isKnown = f64[(field + ARG_RANK) >>> 3] !== 0
        if (isKnown && !replaces(greatest, at8(isFloat, by + row * 8), at8(isFloat, field + ARG_BY))) continue
        keep(field, by + row * 8, a + row * (wide === 0 ? 4 : 8), wide, rank + row)
      }
    }

  const combine =
    (isFloat: boolean): KernelExports['combineArgF64'] =>
    (dst, src, m, greatest, at) => {
      const { u32, f64 } = memory
      for (let j = 0; j < m; j++) {
        const field = u32[(dst >>> 2) + j]! + at
        const taken = u32[(src >>> 2) + j]! + at
        const rank = f64[(taken + ARG_RANK) >>> 3]!
        const known = f64[(field + ARG_RANK) >>> 3]!
        if (rank === 0) continue
        const given = at8(isFloat, taken + ARG_BY)
        const kept = at8(isFloat, field + ARG_BY)
        const isEqual = !replaces(greatest, given, kept) && !replaces(greatest, kept, given)
        if (known !== 0 && (isEqual ? rank > known : !replaces(greatest, given, kept))) continue
        keep(field, taken + ARG_BY, taken + ARG_VALUE, 1, rank)
      }
    }

  return {
    accumulateArgF64: accumulate(true),
    accumulateArgI64: accumulate(false),
    combineArgF64: combine(true),
    combineArgI64: combine(false),
  }
}
