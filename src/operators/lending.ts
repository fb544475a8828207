import type { SharedColumns } from '../memory/lendable-columns.ts'
import type { LentColumn } from '../memory/lent-columns.ts'

/** Rows that are worked on where they stand. */
export interface LentRows {
  readonly rows: number
  readonly shared: SharedColumns
  /** Where their columns stand; undefined: some of the rows don't fit. */
  columns(): readonly LentColumn[] | undefined
  /** They have been taken: what is returned has to be called when nobody reads them any more. */
  taken(): () => void
}

/** Threads that work on rows where these stand. */
export interface Lending {
  /** Memory that all of them can read; undefined: it can't be had. */
  share(bytes: number): SharedColumns | undefined
  /**
   * Takes rows, behind all that are in the chain. Between two batches. `'full'`: the threads have as many as they may;
   * `'refused'`: these have to go the way of all rows.
   */
  take(rows: LentRows): 'taken' | 'full' | 'refused'
}
