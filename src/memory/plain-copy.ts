import type { StoredTypeName } from '../schema/data-type.ts'
import type { LinearMemory } from './linear-memory.ts'

/**
 * Copies values of a plain array from `from` on into a column of numbers, to its view's index `at`, up to the first that
 * isn't a number of the type. Returns how many were copied. A loop per type, because it runs over every value.
 */
export function copyPlain(
  memory: LinearMemory,
  type: Exclude<StoredTypeName, 'i64' | 'bool' | 'utf8'>,
  values: readonly unknown[],
  from: number,
  count: number,
  at: number,
): number {
  switch (type) {
    case 'f64':
      return copyFloats(values, from, count, memory.f64, at)
    case 'f32':
      return copyFloats(values, from, count, memory.f32, at)
    case 'timestamp':
      return copyTimes(values, from, count, memory.f64, at)
    case 'i32':
      return copySigned(values, from, count, memory.i32, at)
    case 'u32':
      return copyUnsigned(values, from, count, memory.u32, at)
  }
}

type Values = readonly unknown[]

function copyFloats(values: Values, from: number, count: number, out: Float64Array | Float32Array, at: number): number {
  for (let i = 0; i < count; i++) {
    const value = values[from + i]
    if (typeof value !== 'number') return i
    out[at + i] = value
  }
  return count
}

function copyTimes(values: Values, from: number, count: number, out: Float64Array, at: number): number {
  for (let i = 0; i < count; i++) {
    const value = values[from + i]
    if (!Number.isSafeInteger(value)) return i
    out[at + i] = (value as number) + 0
  }
  return count
}

function copySigned(values: Values, from: number, count: number, out: Int32Array, at: number): number {
  for (let i = 0; i < count; i++) {
    const value = values[from + i]
    if (typeof value !== 'number' || (value | 0) !== value) return i
    out[at + i] = value
  }
  return count
}

function copyUnsigned(values: Values, from: number, count: number, out: Uint32Array, at: number): number {
  for (let i = 0; i < count; i++) {
    const value = values[from + i]
    if (typeof value !== 'number' || value >>> 0 !== value) return i
    out[at + i] = value
  }
  return count
}
