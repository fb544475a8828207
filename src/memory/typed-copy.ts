import type { TypeName } from '../schema/data-type.ts'
import type { KernelExports } from '../wasm/exports.ts'
import type { TypedArray } from './column-source.ts'
import type { LinearMemory } from './linear-memory.ts'

/** As many of the widest values stand on a page of memory, of the smallest that processors have. */
const PAGE_VALUES = 512

/**
 * Copies `count` values of a typed array from `from` on into a column of a type, to its view's index `at`, when every
 * value of that array fits the type or can be checked in passing. Returns how many fit before the first that doesn't, or
 * -1, nothing written, when values of such an array must be checked one by one.
 */
export function copyTyped(
  memory: LinearMemory,
  kernels: Pick<KernelExports, 'normaliseTimes'>,
  type: TypeName,
  values: TypedArray,
  from: number,
  count: number,
  at: number,
): number {
  if (!copiesWhole(type, values)) return -1
  const given = part(values, from, count)
  if (given === undefined) return -1
  switch (type) {
    case 'f64':
      copyPaged(memory.f64, given as NumberArray, count, at)
      return count
    case 'f32':
      copyPaged(memory.f32, given as NumberArray, count, at)
      return count
    case 'timestamp':
      copyPaged(memory.f64, given as NumberArray, count, at)
      // Checked where they now stand: an array given may be shared and change between a check and a copy.
      return isInteger(given as NumberArray) ? count : kernels.normaliseTimes(at * 8, count)
    case 'i32':
      copyPaged(memory.i32, given as NumberArray, count, at)
      return count
    case 'u32':
      copyPaged(memory.u32, given as NumberArray, count, at)
      return count
    default:
      memory.i64.set(given as BigInt64Array, at)
      return count
  }
}

/**
 * Copies an array of `count` values, one of each page first: the processor has the pages on their way all at once then, where a copy
 * comes to one after the other, and waits at each for its address to be translated and for its first lines.
 */
export function copyPaged(
  to: Float64Array | Float32Array | Int32Array | Uint32Array,
  from: NumberArray,
  count: number,
  at: number,
): void {
  for (let i = 0; i < count; i += PAGE_VALUES) to[at + i] = from[i]!
  to.set(from, at)
}

/** Whether every value of such an array fits the type, or can be checked in passing. */
export function copiesWhole(type: TypeName, values: TypedArray): boolean {
  switch (type) {
    case 'f64':
    case 'f32':
    case 'timestamp':
      return !isBig(values)
    case 'i32':
      return !isBig(values) && isInteger(values) && !(values instanceof Uint32Array)
    case 'u32':
      return !isBig(values) && isUnsigned(values)
    case 'i64':
      return values instanceof BigInt64Array
    default:
      return false
  }
}

/** Makes `count` bits from bit `first` on 1. */
export function setBits(u8: Uint8Array, bitmap: number, first: number, count: number): void {
  let bit = first
  const end = first + count
  while (bit < end && (bit & 7) !== 0) {
    u8[bitmap + (bit >>> 3)]! |= 1 << (bit & 7)
    bit++
  }
  u8.fill(255, bitmap + (bit >>> 3), bitmap + Math.max(bit >>> 3, end >>> 3))
  for (bit = Math.max(bit, end & ~7); bit < end; bit++) u8[bitmap + (bit >>> 3)]! |= 1 << (bit & 7)
}

type NumberArray = Exclude<TypedArray, BigInt64Array | BigUint64Array>

const isBig = (values: TypedArray): values is BigInt64Array | BigUint64Array =>
  values instanceof BigInt64Array || values instanceof BigUint64Array

const isInteger = (values: NumberArray): boolean =>
  !(values instanceof Float64Array) && !(values instanceof Float32Array)

const isUnsigned = (values: NumberArray): boolean =>
  values instanceof Uint32Array ||
  values instanceof Uint16Array ||
  values instanceof Uint8Array ||
  values instanceof Uint8ClampedArray

const LENGTH = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Int8Array.prototype), 'length')!

/** How many values an array holds, whatever a property of its own or of its class says. */
const lengthOf = (values: TypedArray): number => LENGTH.get!.call(values)

/** `count` values from `from` on; undefined: the array doesn't hold as many, or gives others. */
export function part<T extends TypedArray>(values: T, from: number, count: number): T | undefined {
  const length = lengthOf(values)
  if (length < from + count) return undefined
  if (length === count) return values
  const given = values.subarray(from, from + count) as T
  return lengthOf(given) === count ? given : undefined
}
