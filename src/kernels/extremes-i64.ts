import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hasValue, rowAt } from './rows.ts'

type ExtremeI64Kernels = Pick<
  KernelExports,
  'accumulateMinI64' | 'accumulateMaxI64' | 'combineMinI64' | 'combineMaxI64'
>

/** Twins of assembly/extremes-i64.ts. */
export function extremeI64Kernels(memory: LinearMemory): ExtremeI64Kernels {
  const lower = (field: number, value: bigint): void => {
    if (value < memory.i64[field >>> 3]!) memory.i64[field >>> 3] = value
  }
  const raise = (field: number, value: bigint): void => {
    if (value > memory.i64[field >>> 3]!) memory.i64[field >>> 3] = value
  }

  const accumulate =
    (keep: (field: number, value: bigint) => void): KernelExports['accumulateMinI64'] =>
    (addr, sel, from, m, a, validity, at) => {
      const { u8, u32, i64 } = memory
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        if (hasValue(u8, validity, row)) keep(u32[(addr >>> 2) + j - from]! + at, i64[(a >>> 3) + row]!)
      }
    }

  const combine =
    (keep: (field: number, value: bigint) => void): KernelExports['combineMinI64'] =>
    (dst, src, m, at) => {
      const { u32, i64 } = memory
      for (let j = 0; j < m; j++) keep(u32[(dst >>> 2) + j]! + at, i64[(u32[(src >>> 2) + j]! + at) >>> 3]!)
    }

  return {
    accumulateMinI64: accumulate(lower),
    accumulateMaxI64: accumulate(raise),
    combineMinI64: combine(lower),
    combineMaxI64: combine(raise),
  }
}
