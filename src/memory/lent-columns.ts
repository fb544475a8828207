import { storedName } from '../schema/data-type.ts'
import { COLUMN_ARRAYS } from './column-arrays.ts'
import type { ColumnField } from './column-buffers.ts'
import type { ColumnSource } from './column-source.ts'
import { SAID_BY_KERNELS, type SharedColumns } from './lendable-columns.ts'

/** A column of rows that are worked on where they stand. */
export interface LentColumn {
  /** Where its first row stands. */
  readonly at: number
  /** Of texts: how many positions the list has, and what makes codes of them. */
  readonly positions: number
  readonly shift: number
}

/** Whether a column of a block stands in some memory as it would be copied: then it can be lent. */
export function isLendable({ type }: ColumnField, source: ColumnSource, { memory }: SharedColumns): boolean {
  const name = storedName(type)
  if (name === 'bool' || source.kind === 'none' || source.kind === 'plain' || source.valid !== undefined) return false
  const array = source.kind === 'coded' ? source.values.codes : source.values
  return array instanceof COLUMN_ARRAYS[name] && array.buffer === memory.u8.buffer
}

/**
 * Where `count` rows of a column that `isLendable` stand, from row `from` on; undefined: some of them don't fit. Any numbers
 * are right but for times, of which -0 becomes 0.
 *
 * @param translation Of texts: what makes codes of positions in their list.
 */
export function lentColumn(
  { type }: ColumnField,
  source: Extract<ColumnSource, { readonly kind: 'typed' | 'coded' }>,
  from: number,
  count: number,
  translation: { readonly codes: Int32Array; readonly shift: number } | undefined,
  { memory, kernels }: SharedColumns,
): LentColumn | undefined {
  const array = source.kind === 'coded' ? (source.values.codes as Int32Array) : source.values
  if (array.length < from + count) return undefined
  const at = array.byteOffset + from * array.BYTES_PER_ELEMENT
  if (type.name === 'timestamp' && kernels.normaliseTimes(at, count) < count) return undefined
  if (translation === undefined) return { at, positions: 0, shift: 0 }
  const { codes, shift } = translation
  kernels.rangeI32(at, 0, count, SAID_BY_KERNELS)
  const least = memory.i32[SAID_BY_KERNELS >>> 2]!
  const greatest = memory.i32[(SAID_BY_KERNELS >>> 2) + 1]!
  if (shift === 0 || least < 0 || greatest >= codes.length) return undefined
  return { at, positions: codes.length, shift }
}
