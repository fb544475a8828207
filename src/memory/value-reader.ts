import type { TypeName } from '../schema/data-type.ts'
import type { ColumnField } from './column-buffers.ts'
import type { LinearMemory } from './linear-memory.ts'
import type { Vector } from './record-batch.ts'

/** The value of a row of a vector, null where it has none. */
export type ValueReader = (column: Vector, row: number) => unknown

/** How to read a value of each type, as a program text over `column`, `row` and the views. */
export const VALUE_SOURCE: Readonly<Record<TypeName, (column: string) => string>> = {
  f64: column => `f64[(${column}.values >>> 3) + row]`,
  f32: column => `f32[(${column}.values >>> 2) + row]`,
  i32: column => `i32[(${column}.values >>> 2) + row]`,
  u32: column => `u32[(${column}.values >>> 2) + row]`,
  i64: column => `i64[(${column}.values >>> 3) + row]`,
  bool: column => `u8[${column}.values + row] !== 0`,
  timestamp: column => `f64[(${column}.values >>> 3) + row]`,
  utf8: column => `${column}.dictionary.decode(i32[(${column}.values >>> 2) + row])`,
  object: column => `${column}.objects[u32[(${column}.values >>> 2) + row]]`,
}

/** One reader for each field, for where no text may become a program. */
export function valueReaders(memory: LinearMemory, fields: readonly ColumnField[]): readonly ValueReader[] {
  return fields.map(field => nullAware(memory, readerOf(memory, field.type.name)))
}

function nullAware(memory: LinearMemory, read: ValueReader): ValueReader {
  return (column, row) => {
    const bits = column.validity
    if (bits !== 0 && ((memory.u8[bits + (row >>> 3)]! >> (row & 7)) & 1) === 0) return null
    return read(column, row)
  }
}

/** How to read a value of a type where it isn't null. */
export function readerOf(memory: LinearMemory, type: TypeName): ValueReader {
  switch (type) {
    case 'f64':
    case 'timestamp':
      return (column, row) => memory.f64[(column.values >>> 3) + row]
    case 'f32':
      return (column, row) => memory.f32[(column.values >>> 2) + row]
    case 'i32':
      return (column, row) => memory.i32[(column.values >>> 2) + row]
    case 'u32':
      return (column, row) => memory.u32[(column.values >>> 2) + row]
    case 'i64':
      return (column, row) => memory.i64[(column.values >>> 3) + row]
    case 'bool':
      return (column, row) => memory.u8[column.values + row] !== 0
    case 'utf8':
      return (column, row) => column.dictionary!.decode(memory.i32[(column.values >>> 2) + row]!)
    case 'object':
      return (column, row) => column.objects![memory.u32[(column.values >>> 2) + row]!]
  }
}
