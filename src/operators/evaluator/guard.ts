import { rowAt } from '../../kernels/rows.ts'
import type { EvaluationFrame } from './evaluation-frame.ts'
import type { Step } from './step.ts'

/**
 * Under which condition a subexpression is wanted at all: the branch of an `if`, the right side of an `and`. Kernels
 * compute it for every row regardless; a guard only decides whether an integer overflow there counts, and for which rows a
 * function of the user's own is called.
 */
export interface Guard {
  /** Unique within one compiler: the same subexpression under other guards is another step where it matters. */
  readonly id: number
  readonly parent: Guard | undefined
  readonly step: Step
  readonly wants: 'true' | 'notTrue' | 'null'
}

/**
 * Writes the bitmap of rows whose value is wanted: alive, not null by `validity`, and let through by every guard.
 * A loop per row, for the rare batch in which some row overflowed.
 */
export function wantedRows(frame: EvaluationFrame, guard: Guard | undefined, validity: number, bitsOut: number): void {
  const { memory, length, selection } = frame
  memory.u8.fill(0, bitsOut, bitsOut + ((length + 7) >>> 3))
  for (let j = 0; j < frame.selectedCount; j++) {
    const row = rowAt(memory.u32, selection, j)
    if (isWanted(frame, guard, validity, row)) memory.u8[bitsOut + (row >>> 3)]! |= 1 << (row & 7)
  }
}

/** Whether the value of a row that is alive is wanted. */
export function isWanted(frame: EvaluationFrame, guard: Guard | undefined, validity: number, row: number): boolean {
  return hasValue(frame, validity, row) && passes(frame, guard, row)
}

function hasValue(frame: EvaluationFrame, validity: number, row: number): boolean {
  return validity === 0 || ((frame.memory.u8[validity + (row >>> 3)]! >>> (row & 7)) & 1) === 1
}

function passes(frame: EvaluationFrame, guard: Guard | undefined, row: number): boolean {
  for (let each = guard; each !== undefined; each = each.parent) {
    const vector = each.step.evaluate()
    const valid = hasValue(frame, vector.validity, row)
    if (each.wants === 'null') {
      if (valid) return false
    } else if ((valid && frame.memory.u8[vector.values + row] === 1) !== (each.wants === 'true')) return false
  }
  return true
}
