import { rowAt } from '../kernels/rows.ts'

/** Throws what went wrong with the first of the rows [from, to) of a selection that has a fault. */
export function throwFault(
  faults: ReadonlyMap<number, Error>,
  u32: Uint32Array,
  selection: number,
  from: number,
  to: number,
): void {
  for (let at = from; at < to; at++) {
    const error = faults.get(rowAt(u32, selection, at))
    if (error !== undefined) throw error
  }
}
