import type { KernelExports } from '../../wasm/exports.ts'

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

/** A result that is a field of the records as it stands there. */
export function fieldAt(kernels: KernelExports, at: number, width: 4 | 8 = 8): Finish {
  const take = width === 8 ? kernels.takeField8 : kernels.takeField4
  return (addresses, n, { values }) => take(addresses, n, at, values)
}

/** A result that is null where a field of the record is no more than `floor`. */
export const whereAbove =
  (kernels: KernelExports, at: number, floor: number, finish: Finish): Finish =>
  (addresses, n, target, ids) => {
    finish(addresses, n, target, ids)
    if (target.validity !== 0) kernels.fieldAbove(addresses, n, at, floor, target.validity)
  }
