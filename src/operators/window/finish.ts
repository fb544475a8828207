/**
 * Where the finished values of one aggregate go: `values`, a bitmap at `validity` when the result can be null, and the
 * values of a column of objects themselves.
 */
export interface FinishTarget {
  readonly values: number
  readonly validity: number
  readonly objects?: unknown[] | undefined
}

/** Turns the fields of records into one output column. `ids`: address of the key ids of the records, 0 without a key. */
export type Finish = (addresses: number, count: number, target: FinishTarget, ids: number) => void
