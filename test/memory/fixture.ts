import fc from 'fast-check'
import { Arena, ArenaScope } from '../../src/memory/arena.ts'
import { bitmapBytes, ColumnBuffers, type ColumnField } from '../../src/memory/column-buffers.ts'
import { LinearMemory } from '../../src/memory/linear-memory.ts'
import type { RecordBatch, Vector } from '../../src/memory/record-batch.ts'
import { type DataType, type StoredTypeName, storedName, type TypeName, typeOf } from '../../src/schema/data-type.ts'

export const ENGINES = ['wasm', 'js'] as const
export const TYPES: readonly StoredTypeName[] = ['f64', 'f32', 'i32', 'u32', 'i64', 'bool', 'timestamp', 'utf8']
export const MAX_STRING = 12

export function makeArena(engine: 'wasm' | 'js' = 'js', maxBytes = 2 ** 28): Arena {
  return new Arena(new LinearMemory({ engine, maxBytes }))
}

/** Moves bits one by one. */
export function bitByBit(memory: LinearMemory) {
  return {
    shiftBits(src: number, from: number, n: number, out: number): void {
      const bits = Array.from({ length: n }, (_, i) => (memory.u8[src + ((from + i) >> 3)]! >> ((from + i) & 7)) & 1)
      memory.u8.fill(0, out, out + bitmapBytes(n))
      bits.forEach((bit, i) => {
        memory.u8[out + (i >> 3)]! |= bit << (i & 7)
      })
    },
  }
}

/** The value of a cell, read by DataView and nothing of the library's readers. */
export function cell(memory: LinearMemory, vector: Vector, row: number): unknown {
  if (vector.validity !== 0 && ((memory.u8[vector.validity + (row >> 3)]! >> (row & 7)) & 1) === 0) return null
  const view = new DataView(memory.u8.buffer)
  switch (vector.type) {
    case 'f64':
    case 'timestamp':
      return view.getFloat64(vector.values + row * 8, true)
    case 'f32':
      return view.getFloat32(vector.values + row * 4, true)
    case 'i32':
      return view.getInt32(vector.values + row * 4, true)
    case 'u32':
      return view.getUint32(vector.values + row * 4, true)
    case 'i64':
      return view.getBigInt64(vector.values + row * 8, true)
    case 'bool':
      return view.getUint8(vector.values + row) === 1
    case 'utf8':
      return vector.dictionary!.decode(view.getInt32(vector.values + row * 4, true))
  }
}

/** The rows of a batch, as arrays of cells. */
export function rowsOf(memory: LinearMemory, batch: RecordBatch): unknown[][] {
  return Array.from({ length: batch.length }, (_, row) => batch.columns.map(column => cell(memory, column, row)))
}

/** Whether a value may enter a column, by the table of data-type.ts. */
export function fits(type: DataType, value: unknown): boolean {
  if (value === null || value === undefined) return type.isNullable
  switch (type.name) {
    case 'f64':
    case 'f32':
      return typeof value === 'number'
    case 'i32':
      return Number.isInteger(value) && (value as number) >= -(2 ** 31) && (value as number) < 2 ** 31
    case 'u32':
      return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32
    case 'timestamp':
      return Number.isInteger(value) && Math.abs(value as number) <= 2 ** 53 - 1
    case 'i64':
      return typeof value === 'bigint' && value >= -(2n ** 63n) && value < 2n ** 63n
    case 'bool':
      return value === true || value === false
    case 'utf8':
      return typeof value === 'string' && value.length <= MAX_STRING
    case 'object':
      return false
  }
}

/** What a column gives back for a value that fits it. */
export function stored(type: TypeName, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (type === 'f32') return Math.fround(value as number)
  if (type === 'i32' || type === 'u32' || type === 'timestamp') return Object.is(value, -0) ? 0 : value
  return value
}

const goodValue: Readonly<Record<StoredTypeName, fc.Arbitrary<unknown>>> = {
  f64: fc.double(),
  f32: fc.double(),
  i32: fc.oneof(fc.integer(), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, -0)),
  u32: fc.oneof(fc.nat(), fc.constantFrom(2 ** 31, 2 ** 32 - 1)),
  i64: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n)),
  bool: fc.boolean(),
  timestamp: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(2 ** 53 - 1, -(2 ** 53) + 1, -0)),
  utf8: fc.oneof(
    fc.string({ maxLength: MAX_STRING, unit: 'binary' }).filter(text => text.length <= MAX_STRING),
    fc.constantFrom('', 'a', 'b', '\ud800', '\udc00', '\ud800a', 'é', 'é', '0'),
  ),
}

/** Values that are wrong for most types. */
const oddValue = fc.constantFrom<unknown>(
  null,
  undefined,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0.5,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 32,
  -1,
  2 ** 53,
  2 ** 53 + 2,
  2n ** 63n,
  -(2n ** 63n) - 1n,
  1n,
  '1',
  'x'.repeat(MAX_STRING + 1),
  true,
  Symbol('odd'),
  new Date(0),
  [],
  [1],
  {},
  { valueOf: () => 7 },
  () => 7,
)

export const fieldsArbitrary = (max = 9): fc.Arbitrary<ColumnField[]> =>
  fc
    .array(fc.tuple(fc.constantFrom(...TYPES), fc.boolean()), { minLength: 1, maxLength: max })
    .map(types => types.map(([name, isNullable], i) => ({ name: `field ${i}"`, type: typeOf(name, isNullable) })))

export const valueArbitrary = (type: DataType, oddWeight: number): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 100, arbitrary: goodValue[storedName(type)] },
    { weight: type.isNullable ? 30 : 0, arbitrary: fc.constantFrom(null, undefined) },
    { weight: oddWeight, arbitrary: oddValue },
  )

/** Columns outside a ring. */
export function looseColumns(arena: Arena, fields: readonly ColumnField[], rows: number): ColumnBuffers {
  return new ColumnBuffers(new ArenaScope(arena), fields, rows)
}

/** Columns as the vectors of a batch. */
export function vectorsOf(columns: ColumnBuffers, dictionaries: readonly Vector['dictionary'][]): Vector[] {
  return columns.types.map((type, i) => ({
    type,
    values: columns.values[i]!,
    validity: columns.validity[i]!,
    dictionary: dictionaries[i],
  }))
}
