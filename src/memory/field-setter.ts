import { BYTE_WIDTH, type StoredTypeName, storedName, type TypeName } from '../schema/data-type.ts'
import type { ColumnBuffers, ColumnField } from './column-buffers.ts'
import { inherited } from './inherited.ts'
import type { LinearMemory } from './linear-memory.ts'
import type { TextCoder } from './string-coder.ts'

/** Checks and stores values of one field. Views are read at each store: nothing here outlives a growth of the memory. */
export interface FieldSetter {
  /** Stores a value, or the null of a nullable field. False, and nothing that counts was written: it doesn't fit. */
  set(value: unknown, row: number): boolean
  /** Stores null. Only for nullable fields. */
  setNull(row: number): void
  /** Turns to other columns. */
  bind(columns: ColumnBuffers): void
}

interface SetterOptions {
  readonly memory: LinearMemory
  readonly maxStringLength: number
  /** Set exactly for `utf8`. */
  readonly coder: TextCoder | undefined
}

/** Where values are stored: the index of row 0 in the view of their type. */
export interface StorePlace {
  base: number
}

/** Where a setter writes: the address of the bitmap too. */
interface Place extends StorePlace {
  bits: number
}

/** Stores a value that is not null. False, and nothing was written: the type can't hold it. */
export type Store = (value: unknown, row: number) => boolean

/** The setter of the field at `index` of the columns it will be bound to. */
export function fieldSetter(field: ColumnField, index: number, options: SetterOptions): FieldSetter {
  const { memory } = options
  const place: Place = { base: 0, bits: 0 }
  const width = BYTE_WIDTH[field.type.name]
  const store = ownOnly(field.name, storeOf(storedName(field.type), place, options))
  const clear = clearOf(field.type.name, memory, place)
  const setNull = (row: number): void => {
    memory.u8[place.bits + (row >>> 3)]! &= ~(1 << (row & 7))
    clear(row)
  }
  const setNullable: Store = (value, row) => {
    if (value === null || value === undefined) {
      setNull(row)
      return true
    }
    if (!store(value, row)) return false
    memory.u8[place.bits + (row >>> 3)]! |= 1 << (row & 7)
    return true
  }
  return {
    set: field.type.isNullable ? ownOnly(field.name, setNullable) : store,
    setNull,
    bind(columns) {
      place.base = columns.values[index]! / width
      place.bits = columns.validity[index]!
    },
  }
}

function ownOnly(name: string, store: Store): Store {
  const foreign = inherited(name)
  return foreign === undefined ? store : (value, row) => store(value === foreign ? undefined : value, row)
}

/** What checks and stores values of a type. */
export function storeOf(
  type: StoredTypeName,
  place: StorePlace,
  { memory, coder, maxStringLength }: SetterOptions,
): Store {
  switch (type) {
    case 'f64':
      return (value, row) => {
        if (typeof value !== 'number') return false
        memory.f64[place.base + row] = value
        return true
      }
    case 'f32':
      return (value, row) => {
        if (typeof value !== 'number') return false
        memory.f32[place.base + row] = value
        return true
      }
    case 'i32':
      return (value, row) => {
        if (typeof value !== 'number' || (value | 0) !== value) return false
        memory.i32[place.base + row] = value
        return true
      }
    case 'u32':
      return (value, row) => {
        if (typeof value !== 'number' || value >>> 0 !== value) return false
        memory.u32[place.base + row] = value
        return true
      }
    case 'timestamp':
      return (value, row) => {
        if (!Number.isSafeInteger(value)) return false
        // Adding 0 turns -0 into 0: equal instants have equal bytes.
        memory.f64[place.base + row] = (value as number) + 0
        return true
      }
    case 'i64':
      return (value, row) => {
        if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) return false
        memory.i64[place.base + row] = value
        return true
      }
    case 'bool':
      return (value, row) => {
        if (typeof value !== 'boolean') return false
        memory.u8[place.base + row] = value ? 1 : 0
        return true
      }
    case 'utf8':
      return (value, row) => {
        if (typeof value !== 'string' || value.length > maxStringLength) return false
        memory.i32[place.base + row] = coder!.code(value)
        return true
      }
  }
}

function clearOf(type: TypeName, memory: LinearMemory, place: Place): (row: number) => void {
  switch (BYTE_WIDTH[type]) {
    case 1:
      return row => {
        memory.u8[place.base + row] = 0
      }
    case 4:
      return row => {
        memory.i32[place.base + row] = 0
      }
    case 8:
      return row => {
        memory.f64[place.base + row] = 0
      }
  }
}
