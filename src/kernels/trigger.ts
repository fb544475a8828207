import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hasValue, rowAt } from './rows.ts'

type TriggerKernels = Pick<KernelExports, 'countToFire' | 'deltaToFire' | 'listChanged'>

/** Twins of assembly/trigger.ts. */
export function triggerKernels(memory: LinearMemory): TriggerKernels {
  const idAt = (u32: Uint32Array, ids: number, row: number): number => (ids === 0 ? 0 : u32[(ids >>> 2) + row]!)
  return {
    countToFire(ids, sel, from, m, counts, limit) {
      const { u32, f64 } = memory
      for (let j = from; j < m; j++) {
        const at = (counts >>> 3) + idAt(u32, ids, rowAt(u32, sel, j))
        const count = f64[at]! + 1
        f64[at] = count >= limit ? 0 : count
        if (count >= limit) return j
      }
      return m
    },

    deltaToFire(values, validity, ids, sel, from, m, references, threshold) {
      const { u8, u32, f64 } = memory
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        const value = f64[(values >>> 3) + row]!
        if (!hasValue(u8, validity, row) || Number.isNaN(value)) continue
        const at = (references >>> 3) + idAt(u32, ids, row) * 2
        const isFirst = f64[at] === 0
        if (!isFirst && !(Math.abs(value - f64[at + 1]!) > threshold)) continue
        f64[at] = 1
        f64[at + 1] = value
        if (!isFirst) return j
      }
      return m
    },

    listChanged(ids, sel, from, m, marks, list) {
      const { u32, f64 } = memory
      let count = 0
      for (let j = from; j < m; j++) {
        const id = idAt(u32, ids, rowAt(u32, sel, j))
        if (f64[(marks >>> 3) + id] !== 0) continue
        f64[(marks >>> 3) + id] = 1
        u32[(list >>> 2) + count++] = j
      }
      return count
    },
  }
}
