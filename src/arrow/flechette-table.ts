import type { ColumnType } from './column-type.ts'

/** A column of one record batch, as `@uwdata/flechette` has it. */
export interface FlechetteBatch extends Iterable<unknown> {
  readonly length: number
  readonly nullCount: number
  readonly values: unknown
  readonly validity?: Uint8Array | undefined
  readonly dictionary?: FlechetteColumn
}

/** A column of `@uwdata/flechette`. */
export interface FlechetteColumn extends Iterable<unknown> {
  readonly type: ColumnType
  readonly data: readonly FlechetteBatch[]
}

/** A table of `@uwdata/flechette`, as `tableFromIPC`, `tableFromArrays` and `tableFromColumns` give it. */
export interface FlechetteTable {
  readonly numRows: number
  readonly children: readonly FlechetteColumn[]
  readonly schema: { readonly fields: readonly { readonly name: string }[] }
}

export const isFlechetteTable = (input: object): input is FlechetteTable =>
  'children' in input && 'numRows' in input && !('batches' in input)
