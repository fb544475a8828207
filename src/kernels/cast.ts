import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'

type CastKernel =
  | 'castI32F64'
  | 'castU32F64'
  | 'castF32F64'
  | 'castBoolF64'
  | 'castI64F64'
  | 'castF64F32'
  | 'castF64I32'
  | 'castF64U32'
  | 'castF64I64'
  | 'castI32I64'
  | 'castU32I64'
  | 'castF64Timestamp'

/** Casts between element types. A checked cast that does not fit gives 0 and a zero bit. */
export function castKernels(memory: LinearMemory): Pick<KernelExports, CastKernel> {
  return {
    castI32F64(a, n, out) {
      const { f64, i32 } = memory
      const x = a >>> 2
      const to = out >>> 3
      for (let i = 0; i < n; i++) f64[to + i] = i32[x + i]!
    },

    castU32F64(a, n, out) {
      const { f64, u32 } = memory
      const x = a >>> 2
      const to = out >>> 3
      for (let i = 0; i < n; i++) f64[to + i] = u32[x + i]!
    },

    castF32F64(a, n, out) {
      const { f32, f64 } = memory
      const x = a >>> 2
      const to = out >>> 3
      for (let i = 0; i < n; i++) f64[to + i] = f32[x + i]!
    },

    castBoolF64(a, n, out) {
      const { f64, u8 } = memory
      const x = a >>> 0
      const to = out >>> 3
      for (let i = 0; i < n; i++) f64[to + i] = u8[x + i]!
    },

    castI64F64(a, n, out) {
      const { f64, i64 } = memory
      const x = a >>> 3
      const to = out >>> 3
      for (let i = 0; i < n; i++) f64[to + i] = Number(i64[x + i]!)
    },

    castF64F32(a, n, out) {
      const { f32, f64 } = memory
      const x = a >>> 3
      const to = out >>> 2
      for (let i = 0; i < n; i++) f32[to + i] = f64[x + i]!
    },

    castF64I32(a, n, out, bitsOut) {
      const { f64, i32, u8 } = memory
      const x = a >>> 3
      const to = out >>> 2
      const bits = bitsOut >>> 0
      for (let i = 0; i < n; i += 8) {
        const end = Math.min(n - i, 8)
        let byte = 0
        for (let bit = 0; bit < end; bit++) {
          const value = f64[x + i + bit]!
          const fits = value > -2147483649 && value < 2147483648
          i32[to + i + bit] = fits ? value : 0
          byte |= (fits ? 1 : 0) << bit
        }
        u8[bits + (i >>> 3)] = byte
      }
    },

    castF64U32(a, n, out, bitsOut) {
      const { f64, u32, u8 } = memory
      const x = a >>> 3
      const to = out >>> 2
      const bits = bitsOut >>> 0
      for (let i = 0; i < n; i += 8) {
        const end = Math.min(n - i, 8)
        let byte = 0
        for (let bit = 0; bit < end; bit++) {
          const value = f64[x + i + bit]!
          const fits = value > -1 && value < 4294967296
          u32[to + i + bit] = fits ? value : 0
          byte |= (fits ? 1 : 0) << bit
        }
        u8[bits + (i >>> 3)] = byte
      }
    },

    castF64I64(a, n, out, bitsOut) {
      const { f64, i64, u8 } = memory
      const x = a >>> 3
      const to = out >>> 3
      const bits = bitsOut >>> 0
      for (let i = 0; i < n; i += 8) {
        const end = Math.min(n - i, 8)
        let byte = 0
        for (let bit = 0; bit < end; bit++) {
          const value = f64[x + i + bit]!
          const fits = value >= -(2 ** 63) && value < 2 ** 63
          i64[to + i + bit] = fits ? BigInt(Math.trunc(value)) : 0n
          byte |= (fits ? 1 : 0) << bit
        }
        u8[bits + (i >>> 3)] = byte
      }
    },

    castI32I64(a, n, out) {
      const { i32, i64 } = memory
      const x = a >>> 2
      const to = out >>> 3
      for (let i = 0; i < n; i++) i64[to + i] = BigInt(i32[x + i]!)
    },

    castU32I64(a, n, out) {
      const { i64, u32 } = memory
      const x = a >>> 2
      const to = out >>> 3
      for (let i = 0; i < n; i++) i64[to + i] = BigInt(u32[x + i]!)
    },

    castF64Timestamp(a, n, out, bitsOut) {
      const { f64, u8 } = memory
      const x = a >>> 3
      const to = out >>> 3
      const bits = bitsOut >>> 0
      for (let i = 0; i < n; i += 8) {
        const end = Math.min(n - i, 8)
        let byte = 0
        for (let bit = 0; bit < end; bit++) {
          const value = f64[x + i + bit]!
          const fits = Math.abs(value) <= Number.MAX_SAFE_INTEGER
          f64[to + i + bit] = fits ? Math.floor(value) + 0 : 0
          byte |= (fits ? 1 : 0) << bit
        }
        u8[bits + (i >>> 3)] = byte
      }
    },
  }
}
