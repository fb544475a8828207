import { check, isClose } from '../../harness/check.ts'

/** A batch of results as columns: what a contestant hands to its consumer, reused after the call. */
export interface WindowBatch {
  length: number
  readonly windowStart: Float64Array
  readonly windowEnd: Float64Array
  /** The key as it came in; for texts the code of the contestant's own dictionary. */
  readonly key: Int32Array
  readonly count: Float64Array
  readonly sum: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
}
export type WindowConsumer = (batch: WindowBatch) => void

export const BATCH_ROWS = 4_096

export function makeBatch(): WindowBatch {
  const column = () => new Float64Array(BATCH_ROWS)
  return {
    length: 0,
    windowStart: column(),
    windowEnd: column(),
    key: new Int32Array(BATCH_ROWS),
    count: column(),
    sum: column(),
    min: column(),
    max: column(),
  }
}

/** The cheapest honest consumer: reads one column of every result. All contestants feed the same one. */
export class Tally {
  windows = 0
  counted = 0

  readonly take = (length: number, count: ArrayLike<number>): void => {
    let counted = 0
    for (let i = 0; i < length; i++) counted += count[i]!
    this.windows += length
    this.counted += counted
  }
}

/** One result, its key as text. */
export interface WindowRow {
  readonly windowStart: number
  readonly windowEnd: number
  readonly key: string
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
}

/**
 * Every row of both, whatever their order: window, count, min and max exactly, sums to 1e-9. The rows compared are given up:
 * closures would keep millions of them alive, and the collector's threads mark them while others are measured.
 */
export function checkSameRows(name: string, actual: WindowRow[], expected: readonly WindowRow[]): void {
  check(actual.length === expected.length, `${name} gives ${actual.length} windows, not ${expected.length}`)
  const byWindow = new Map(actual.map(row => [`${row.windowStart} ${row.key}`, row]))
  check(byWindow.size === actual.length, `${name} gives a window twice`)
  for (const wanted of expected) {
    const got = byWindow.get(`${wanted.windowStart} ${wanted.key}`)
    check(
      got !== undefined &&
        got.windowEnd === wanted.windowEnd &&
        got.count === wanted.count &&
        got.min === wanted.min &&
        got.max === wanted.max &&
        isClose(got.sum, wanted.sum, 1e-9),
      `${name} gives ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`,
    )
  }
  actual.length = 0
}
