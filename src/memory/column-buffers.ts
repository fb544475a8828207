import { BYTE_WIDTH, type DataType, type TypeName } from '../schema/data-type.ts'
import { type ArenaScope, bytesTaken } from './arena.ts'
import { Dictionary } from './dictionary.ts'

/** What the memory room needs to know of a schema's field. */
export interface ColumnField {
  readonly name: string
  readonly type: DataType
}

/** Bytes of a validity bitmap. */
export const bitmapBytes = (rows: number): number => (rows + 7) >>> 3

/** Bytes the columns of `rows` rows take from an arena, its rounding included. */
export function columnBytes(fields: readonly ColumnField[], rows: number): number {
  let bytes = 0
  for (const { type } of fields) {
    bytes += bytesTaken(BYTE_WIDTH[type.name] * rows)
    if (type.isNullable) bytes += bytesTaken(bitmapBytes(rows))
  }
  return bytes
}

/** Most codes of texts that are only passed on: more than there can be rows on their way. */
const MAX_PASSED_ON = 2 ** 30

/**
 * One dictionary for each `utf8` field, undefined for the others; at most `maxCodes` strings alive in each.
 *
 * @param passedOn Names of fields whose texts nobody compares: their dictionaries are not distinct.
 */
export function dictionariesOf(
  fields: readonly ColumnField[],
  maxCodes: number,
  passedOn?: ReadonlySet<string>,
): (Dictionary | undefined)[] {
  return fields.map(({ name, type }) => {
    if (type.name !== 'utf8') return undefined
    return new Dictionary(passedOn?.has(name) ? { maxCodes: MAX_PASSED_ON, isDistinct: false } : { maxCodes })
  })
}

/**
 * One array per field for `rows` rows, each aligned to a cache line, and a validity bitmap for each nullable field. All
 * of it starts as zero: no stale code, no stale bit. The scope gives it back.
 */
export class ColumnBuffers {
  readonly types: readonly TypeName[]
  /** Address of row 0 of each column. */
  readonly values: readonly number[]
  /** Address of each column's bitmap, 0 for columns that can't be null. */
  readonly validity: readonly number[]
  readonly rows: number

  /** @throws EventfluxError `STATE_FULL` when the arena can't hold them. */
  constructor(scope: ArenaScope, fields: readonly ColumnField[], rows: number) {
    this.rows = rows
    this.types = fields.map(field => field.type.name)
    this.values = fields.map(field => scope.allocate(BYTE_WIDTH[field.type.name] * rows))
    this.validity = fields.map(field => (field.type.isNullable ? scope.allocate(bitmapBytes(rows)) : 0))
  }
}
