import type { Data } from 'apache-arrow'
import type { ArrowLibrary } from './arrow-library.ts'
import { type ColumnType, Type } from './column-type.ts'
import type { FlechetteBatch, FlechetteColumn } from './flechette-table.ts'

/** A column of one record batch, whichever library holds it. */
export interface ColumnData {
  readonly type: ColumnType
  /** The type in words. */
  readonly typeName: string
  // biome-ignore lint/suspicious/noExplicitAny: which array it is follows from the type
  readonly values: any
  /** Where rows begin in bitmaps. */
  readonly offset: number
  readonly length: number
  readonly nullCount: number
  readonly nullBitmap: Uint8Array
  /** The values one by one. */
  texts(): Iterable<unknown>
  /** What the codes of a dictionary stand for. */
  readonly dictionary: (Iterable<unknown> & { readonly type: ColumnType }) | undefined
}

/** A column as the package `apache-arrow` has it. */
export const dataOfArrow = (arrow: ArrowLibrary, data: Data): ColumnData => ({
  type: data.type,
  typeName: String(data.type),
  values: data.values,
  offset: data.offset,
  length: data.length,
  nullCount: data.nullCount,
  nullBitmap: data.nullBitmap,
  texts: () => arrow.makeVector(data),
  dictionary: data.dictionary as ColumnData['dictionary'],
})

/** A column as the package `@uwdata/flechette` has it. */
export const dataOfFlechette = ({ type }: FlechetteColumn, batch: FlechetteBatch): ColumnData => ({
  type,
  typeName: Object.entries(Type).find(([, id]) => id === type.typeId)?.[0] ?? `of type ${type.typeId}`,
  values: batch.values,
  offset: 0,
  length: batch.length,
  nullCount: batch.nullCount,
  nullBitmap: batch.validity as Uint8Array,
  texts: () => batch,
  dictionary: batch.dictionary,
})
