import { SUM_F64_CARRY, SUM_F64_SUM } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import { hasValue, rowAt } from './rows.ts'

/** Which fields of a record a pass over a column moves; offsets in the record, -1 for none. */
interface F64Fields {
  readonly sumAt: number
  readonly minAt: number
  readonly maxAt: number
}

/** Adds with TwoSum (Knuth): the carry takes the exact rounding error of sum + value, and `carry`. */
export function addSum(f64: Float64Array, field: number, value: number, carry: number): void {
  const sum = f64[(field + SUM_F64_SUM) >>> 3]!
  const total = sum + value
  const part = total - sum
  const error = sum - (total - part) + (value - part)
  f64[(field + SUM_F64_SUM) >>> 3] = total
  f64[(field + SUM_F64_CARRY) >>> 3] = f64[(field + SUM_F64_CARRY) >>> 3]! + carry + error
}

/** A NaN value changes nothing, a NaN field takes any value, -0 < +0. Mostly the field stays what it is. */
export function lower(f64: Float64Array, field: number, value: number): void {
  const kept = f64[field >>> 3]!
  if (value > kept || Number.isNaN(value)) return
  f64[field >>> 3] = Number.isNaN(kept) ? value : Math.min(kept, value)
}

export function raise(f64: Float64Array, field: number, value: number): void {
  const kept = f64[field >>> 3]!
  if (value < kept || Number.isNaN(value)) return
  f64[field >>> 3] = Number.isNaN(kept) ? value : Math.max(kept, value)
}

/** Twin of the loop in assembly/accumulate-f64.ts. */
export function accumulateF64(
  { u8, u32, f64 }: LinearMemory,
  addr: number,
  sel: number,
  from: number,
  m: number,
  a: number,
  validity: number,
  { sumAt, minAt, maxAt }: F64Fields,
): void {
  for (let j = from; j < m; j++) {
    const row = rowAt(u32, sel, j)
    if (!hasValue(u8, validity, row)) continue
    const record = u32[(addr >>> 2) + j - from]!
    const value = f64[(a >>> 3) + row]!
    if (sumAt >= 0) addSum(f64, record + sumAt, value, 0)
    if (minAt >= 0) lower(f64, record + minAt, value)
    if (maxAt >= 0) raise(f64, record + maxAt, value)
  }
}
