/** How a value of a state is marked: what follows the mark is up to `encode-value.ts` and `decode-value.ts`. */
export const TAG = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  number: 4,
  text: 5,
  bigint: 6,
  array: 7,
  object: 8,
  map: 9,
  set: 10,
  date: 11,
  arrayBuffer: 12,
  typedArray: 13,
  /** An object without a prototype. */
  bareObject: 14,
} as const

/** Typed arrays by number: a kind keeps its own for ever. */
export const TYPED_ARRAYS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const

/** Values in values: deeper ones are taken for parts of themselves. */
export const MOST_DEPTH = 256

/** How a text stands: as UTF-8, or, where it holds half a surrogate pair, as the UTF-16 it is. */
export const TEXT = { utf8: 0, utf16: 1 } as const

/** What values are written to, */
export interface ValueOutput {
  u8(value: number): void
  u32(value: number): void
  f64(value: number): void
  text(value: string): void
  block(bytes: Uint8Array): void
}

/** and what they are read from. */
export interface ValueInput {
  u8(): number
  count(leastBytes: number): number
  f64(): number
  text(): string
  block(): Uint8Array
  refuse(message: string): never
}
