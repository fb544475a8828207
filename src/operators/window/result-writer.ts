import { show, stageFailed } from '../../errors.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { DataType, TypeName } from '../../schema/data-type.ts'
import type { FinishTarget } from './finish.ts'

/** Writes a JavaScript value to row `row` of a column. @throws EventfluxError `STAGE_FAILED` for one that doesn't fit. */
export type ResultWriter = (value: unknown, row: number, target: FinishTarget) => void

/** The writer of results of a type. A nullable one also takes null and undefined. */
export function resultWriter(memory: LinearMemory, type: DataType): ResultWriter {
  const store = storeOf(memory, type.name)
  return (value, row, target) => {
    const isNull = (value === null || value === undefined) && type.isNullable
    if (!isNull && !store(value, row, target))
      throw stageFailed(`an aggregate that returns ${type.name} gave ${show(value)}`, { value })
    if (target.validity === 0) return
    const byte = target.validity + (row >>> 3)
    const bit = 1 << (row & 7)
    // Rows come in order, and the spare bits of the last byte are 0.
    if ((row & 7) === 0) memory.u8[byte] = 0
    if (!isNull) memory.u8[byte]! |= bit
  }
}

type Store = (value: unknown, row: number, target: FinishTarget) => boolean

function storeOf(memory: LinearMemory, type: TypeName): Store {
  const number =
    (fits: (value: number) => boolean, put: (at: number, row: number, value: number) => void): Store =>
    (value, row, { values }) => {
      if (typeof value !== 'number' || !fits(value)) return false
      put(values, row, value)
      return true
    }
  switch (type) {
    case 'f64':
      return number(
        () => true,
        (at, row, value) => {
          memory.f64[(at >>> 3) + row] = value
        },
      )
    case 'timestamp':
      return number(Number.isSafeInteger, (at, row, value) => {
        memory.f64[(at >>> 3) + row] = value + 0
      })
    case 'f32':
      return number(
        () => true,
        (at, row, value) => {
          memory.f32[(at >>> 2) + row] = value
        },
      )
    case 'i32':
      return number(
        value => (value | 0) === value,
        (at, row, value) => {
          memory.i32[(at >>> 2) + row] = value
        },
      )
    case 'u32':
      return number(
        value => value >>> 0 === value,
        (at, row, value) => {
          memory.u32[(at >>> 2) + row] = value
        },
      )
    case 'i64':
      return (value, row, { values }) => {
        if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) return false
        memory.i64[(values >>> 3) + row] = value
        return true
      }
    case 'bool':
      return (value, row, { values }) => {
        if (typeof value !== 'boolean') return false
        memory.u8[values + row] = value ? 1 : 0
        return true
      }
    default:
      return (value, row, { values, objects }) => {
        objects![row] = value
        memory.u32[(values >>> 2) + row] = row
        return true
      }
  }
}
