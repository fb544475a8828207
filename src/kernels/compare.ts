import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'

type CompareKernel =
  | 'eqF64ColCol'
  | 'neF64ColCol'
  | 'ltF64ColCol'
  | 'leF64ColCol'
  | 'eqF64ColConst'
  | 'neF64ColConst'
  | 'ltF64ColConst'
  | 'leF64ColConst'
  | 'gtF64ColConst'
  | 'geF64ColConst'
  | 'eqI64ColCol'
  | 'neI64ColCol'
  | 'ltI64ColCol'
  | 'leI64ColCol'
  | 'eqI32ColCol'
  | 'inF64'
  | 'inI64'

/** Comparisons into masks. */
export function compareKernels(memory: LinearMemory): Pick<KernelExports, CompareKernel> {
  return {
    eqF64ColCol(a, b, n, out) {
      const { f64, u8 } = memory
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = f64[x + i]! === f64[y + i]! ? 1 : 0
    },

    neF64ColCol(a, b, n, out) {
      const { f64, u8 } = memory
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = f64[x + i]! !== f64[y + i]! ? 1 : 0
    },

    ltF64ColCol(a, b, n, out) {
      const { f64, u8 } = memory
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = f64[x + i]! < f64[y + i]! ? 1 : 0
    },

    leF64ColCol(a, b, n, out) {
      const { f64, u8 } = memory
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = f64[x + i]! <= f64[y + i]! ? 1 : 0
    },

    eqF64ColConst(a, k, n, out) {
      const { f64, u8 } = memory
      const x = a >>> 3
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = f64[x + i]! === k ? 1 : 0
    },

    neF64ColConst(a, k, n, out) {
      const { f64, u8 } = memory
      const x = a >>> 3
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = f64[x + i]! !== k ? 1 : 0
    },

    ltF64ColConst(a, k, n, out) {
      const { f64, u8 } = memory
      const x = a >>> 3
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = f64[x + i]! < k ? 1 : 0
    },

    leF64ColConst(a, k, n, out) {
      const { f64, u8 } = memory
      const x = a >>> 3
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = f64[x + i]! <= k ? 1 : 0
    },

    gtF64ColConst(a, k, n, out) {
      const { f64, u8 } = memory
      const x = a >>> 3
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = f64[x + i]! > k ? 1 : 0
    },

    geF64ColConst(a, k, n, out) {
      const { f64, u8 } = memory
      const x = a >>> 3
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = f64[x + i]! >= k ? 1 : 0
    },

    eqI64ColCol(a, b, n, out) {
      const { i64, u8 } = memory
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = i64[x + i]! === i64[y + i]! ? 1 : 0
    },

    neI64ColCol(a, b, n, out) {
      const { i64, u8 } = memory
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = i64[x + i]! !== i64[y + i]! ? 1 : 0
    },

    ltI64ColCol(a, b, n, out) {
      const { i64, u8 } = memory
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = i64[x + i]! < i64[y + i]! ? 1 : 0
    },

    leI64ColCol(a, b, n, out) {
      const { i64, u8 } = memory
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = i64[x + i]! <= i64[y + i]! ? 1 : 0
    },

    eqI32ColCol(a, b, n, out) {
      const { i32, u8 } = memory
      const x = a >>> 2
      const y = b >>> 2
      const to = out >>> 0
      for (let i = 0; i < n; i++) u8[to + i] = i32[x + i]! === i32[y + i]! ? 1 : 0
    },

    inF64(a, n, list, k, out) {
      const { f64, u8 } = memory
      const x = a >>> 3
      const first = list >>> 3
      const end = first + k
      const to = out >>> 0
      for (let i = 0; i < n; i++) {
        const value = f64[x + i]!
        let at = first
        while (at < end && f64[at] !== value) at++
        u8[to + i] = at < end ? 1 : 0
      }
    },

    inI64(a, n, list, k, out) {
      const { i64, u8 } = memory
      const x = a >>> 3
      const first = list >>> 3
      const end = first + k
      const to = out >>> 0
      for (let i = 0; i < n; i++) {
        const value = i64[x + i]!
        let at = first
        while (at < end && i64[at] !== value) at++
        u8[to + i] = at < end ? 1 : 0
      }
    },
  }
}
