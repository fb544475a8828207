import { SLICE_ENTRY_BYTES, SLICE_RECORDS } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { rowAt } from './rows.ts'

type TimeKernels = Pick<
  KernelExports,
  'normaliseTimes' | 'scanTimeAtLeast' | 'rangeF64' | 'splitLate' | 'sliceIndex' | 'sliceIndexCut' | 'sliceIndexEdges'
>

/** Twins of assembly/time.ts. */
export function timeKernels(memory: LinearMemory): TimeKernels {
  return {
    normaliseTimes(time, n) {
      const { f64 } = memory
      for (let at = time >>> 3, end = at + n; at < end; at++) {
        const value = f64[at]!
        if (!Number.isSafeInteger(value)) return at - (time >>> 3)
        f64[at] = value + 0
      }
      return n
    },

    scanTimeAtLeast(time, from, n, threshold) {
      const { f64 } = memory
      for (let row = from; row < n; row++) if (f64[(time >>> 3) + row]! >= threshold) return row
      return n
    },

    rangeF64(a, sel, from, m, out) {
      const { f64, u32 } = memory
      let least = Number.POSITIVE_INFINITY
      let greatest = Number.NEGATIVE_INFINITY
      for (let j = from; j < m; j++) {
        const value = f64[(a >>> 3) + rowAt(u32, sel, j)]!
        if (value < least) least = value
        if (value > greatest) greatest = value
      }
      f64[out >>> 3] = least + 0
      f64[(out >>> 3) + 1] = greatest + 0
    },

    splitLate(time, sel, from, m, bound, onTimeOut, lateOut) {
      const { f64, u32 } = memory
      let onTime = onTimeOut >>> 2
      let late = lateOut >>> 2
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        u32[onTime] = row
        u32[late] = row
        if (f64[(time >>> 3) + row]! >= bound) onTime++
        else late++
      }
      return onTime - (onTimeOut >>> 2)
    },

    sliceIndex(time, sel, from, m, size, offset, first, slices, marks) {
      const { f64, i32, u32 } = memory
      for (let j = from; j < m; j++) {
        const index = Math.floor((f64[(time >>> 3) + rowAt(u32, sel, j)]! - offset) / size) - first
        i32[(slices >>> 2) + j - from] = index
        u32[(marks + index * SLICE_ENTRY_BYTES + SLICE_RECORDS) >>> 2] = 1
      }
    },

    sliceIndexCut(time, sel, from, m, size, offset, remainder, first, slices, marks) {
      const { f64, i32, u32 } = memory
      for (let j = from; j < m; j++) {
        const t = f64[(time >>> 3) + rowAt(u32, sel, j)]!
        const index = Math.floor((t - offset) / size) + Math.floor((t - (offset + remainder)) / size) + 1 - first
        i32[(slices >>> 2) + j - from] = index
        u32[(marks + index * SLICE_ENTRY_BYTES + SLICE_RECORDS) >>> 2] = 1
      }
    },

    sliceIndexEdges(time, sel, from, m, edges, count, slices, marks) {
      const { f64, i32, u32 } = memory
      for (let j = from; j < m; j++) {
        const t = f64[(time >>> 3) + rowAt(u32, sel, j)]!
        let low = 0
        let high = count
        while (low < high) {
          const middle = (low + high) >>> 1
          if (f64[(edges >>> 3) + middle]! <= t) low = middle + 1
          else high = middle
        }
        i32[(slices >>> 2) + j - from] = low
        u32[(marks + low * SLICE_ENTRY_BYTES + SLICE_RECORDS) >>> 2] = 1
      }
    },
  }
}
