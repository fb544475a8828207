import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { hasValue } from './rows.ts'

type ArithmeticI64Kernel =
  | 'addI64ColCol'
  | 'subI64ColCol'
  | 'mulI64ColCol'
  | 'divI64ColCol'
  | 'modI64ColCol'
  | 'minI64ColCol'
  | 'maxI64ColCol'
  | 'nonZeroI64'

/**
 * Arithmetic over i64. The checked verbs stop before the first row that overflows and has a value; a null row holds the
 * wrapped result.
 */
export function arithmeticI64Kernels(memory: LinearMemory): Pick<KernelExports, ArithmeticI64Kernel> {
  return {
    addI64ColCol(a, b, n, validity, out) {
      const { i64, u8 } = memory
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) {
        const exact = i64[x + i]! + i64[y + i]!
        const wrapped = BigInt.asIntN(64, exact)
        if (wrapped !== exact && hasValue(u8, validity, i)) return i
        i64[to + i] = wrapped
      }
      return -1
    },

    subI64ColCol(a, b, n, validity, out) {
      const { i64, u8 } = memory
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) {
        const exact = i64[x + i]! - i64[y + i]!
        const wrapped = BigInt.asIntN(64, exact)
        if (wrapped !== exact && hasValue(u8, validity, i)) return i
        i64[to + i] = wrapped
      }
      return -1
    },

    mulI64ColCol(a, b, n, validity, out) {
      const { i64, u8 } = memory
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) {
        const exact = i64[x + i]! * i64[y + i]!
        const wrapped = BigInt.asIntN(64, exact)
        if (wrapped !== exact && hasValue(u8, validity, i)) return i
        i64[to + i] = wrapped
      }
      return -1
    },

    divI64ColCol(a, b, n, validity, out) {
      const { i64, u8 } = memory
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) {
        const divisor = i64[y + i]!
        const exact = divisor === 0n ? 0n : i64[x + i]! / divisor
        const wrapped = BigInt.asIntN(64, exact)
        if (wrapped !== exact && hasValue(u8, validity, i)) return i
        i64[to + i] = wrapped
      }
      return -1
    },

    modI64ColCol(a, b, n, out) {
      const i64 = memory.i64
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) {
        const divisor = i64[y + i]!
        i64[to + i] = divisor === 0n ? 0n : i64[x + i]! % divisor
      }
    },

    minI64ColCol(a, b, n, out) {
      const i64 = memory.i64
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) {
        const left = i64[x + i]!
        const right = i64[y + i]!
        i64[to + i] = left < right ? left : right
      }
    },

    maxI64ColCol(a, b, n, out) {
      const i64 = memory.i64
      const x = a >>> 3
      const y = b >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) {
        const left = i64[x + i]!
        const right = i64[y + i]!
        i64[to + i] = left < right ? right : left
      }
    },

    nonZeroI64(b, n, bitsOut) {
      const { i64, u8 } = memory
      const y = b >>> 3
      const to = bitsOut >>> 0
      for (let i = 0; i < n; i += 8) {
        const end = Math.min(n - i, 8)
        let byte = 0
        for (let bit = 0; bit < end; bit++) byte |= (i64[y + i + bit] !== 0n ? 1 : 0) << bit
        u8[to + (i >>> 3)] = byte
      }
    },
  }
}
