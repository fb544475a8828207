import { optionInvalid } from '../errors.ts'

/**
 * The layout of a block of counters: a name's value is its cell. Never renumbered, so blocks of different versions and
 * workers merge; cells up to {@link COUNTER_CELLS} are spare and zero.
 */
export const Counter = {
  /** Rows that asked to enter. */
  offered: 0,
  /** Rows that were let in. */
  accepted: 1,
  /** Accepted rows that left again as intended. */
  delivered: 2,
  /** Rows the first operator took. */
  numRecordsIn: 3,
  /** Rows handed to the sink. */
  numRecordsOut: 4,
  /** Rows behind watermark and allowed lateness. */
  numLateRecordsDropped: 5,
  /** Rows a filter left out; intended, so never a loss. */
  filtered: 6,
  /** Accepted rows given up for newer ones (`drop-oldest`). */
  evicted: 7,
  /** Refused: no room (`drop-newest`, backoff at its end, `unbounded` at its limit, `error`). */
  rejectedFull: 8,
  /** Refused: the edge was closed. */
  rejectedClosed: 9,
  /** Refused: the wait took longer than its timeout. */
  rejectedTimeout: 10,
  /** Refused: the wait was given up through its `AbortSignal`. */
  rejectedAborted: 11,
  /** Refused: the circuit was open. */
  rejectedCircuitOpen: 12,
  /** Accepted rows that a stage or sink failed on for good. */
  failed: 13,
  /** Failures the policy `skip` passed over. */
  skipped: 14,
  /** Failures handed to the dead-letter sink. */
  deadLettered: 15,
  /** Attempts after the first. */
  retried: 16,
  /** Refused: the row didn't fit the schema. */
  invalid: 17,
} as const

export type CounterName = keyof typeof Counter
/** The cell of a counter, as in `counters.add(Counter.filtered, 12)`. */
export type CounterCell = (typeof Counter)[CounterName]

/** Why a row was refused. */
export type RejectReason = 'full' | 'closed' | 'timeout' | 'aborted' | 'circuitOpen' | 'invalid'

/** Cells of a block (256 bytes as 64-bit floats). */
export const COUNTER_CELLS = 32

/** All counters by name. */
export type CountersSnapshot = Record<CounterName, number>

/** Counters at zero, to be filled by {@link Counters.snapshotInto}. */
export function createCountersSnapshot(): CountersSnapshot {
  return {
    offered: 0,
    accepted: 0,
    delivered: 0,
    numRecordsIn: 0,
    numRecordsOut: 0,
    numLateRecordsDropped: 0,
    filtered: 0,
    evicted: 0,
    rejectedFull: 0,
    rejectedClosed: 0,
    rejectedTimeout: 0,
    rejectedAborted: 0,
    rejectedCircuitOpen: 0,
    failed: 0,
    skipped: 0,
    deadLettered: 0,
    retried: 0,
    invalid: 0,
  }
}

/**
 * A block of counters that only grow, exact up to 2^53. One thread writes a block; blocks of several threads are merged
 * when read.
 *
 * @example
 * const counters = new Counters()
 * counters.add(Counter.numRecordsIn, 4_096)
 * counters.get(Counter.numRecordsIn) // 4096
 */
export class Counters {
  /** Laid out as {@link Counter} says; it may lie in shared memory. */
  readonly cells: Float64Array

  /** @throws EventfluxError `OPTION_INVALID` when `cells` is not exactly {@link COUNTER_CELLS} long. */
  constructor(cells: Float64Array = new Float64Array(COUNTER_CELLS)) {
    if (cells.length !== COUNTER_CELLS)
      throw optionInvalid(`a block of counters needs ${COUNTER_CELLS} cells, not ${cells.length}`, {
        value: cells.length,
      })
    this.cells = cells
  }

  /**
   * Counts `n` more (default 1).
   *
   * @throws EventfluxError `OPTION_INVALID` when `n` is not a number >= 0: counters never go back.
   */
  add(cell: CounterCell, n = 1): void {
    if (!(n >= 0)) throw optionInvalid(`a counter only grows: it can't count ${n} more`, { value: n })
    this.cells[cell] = this.cells[cell]! + n
  }

  get(cell: CounterCell): number {
    return this.cells[cell]!
  }

  /** Adds what `other` counted. */
  merge(other: Counters): void {
    for (let i = 0; i < COUNTER_CELLS; i++) this.cells[i] = this.cells[i]! + other.cells[i]!
  }

  /** Writes all counters into `target`, without allocation; returns `target`. */
  snapshotInto(target: CountersSnapshot): CountersSnapshot {
    const cells = this.cells
    target.offered = cells[Counter.offered]!
    target.accepted = cells[Counter.accepted]!
    target.delivered = cells[Counter.delivered]!
    target.numRecordsIn = cells[Counter.numRecordsIn]!
    target.numRecordsOut = cells[Counter.numRecordsOut]!
    target.numLateRecordsDropped = cells[Counter.numLateRecordsDropped]!
    target.filtered = cells[Counter.filtered]!
    target.evicted = cells[Counter.evicted]!
    target.rejectedFull = cells[Counter.rejectedFull]!
    target.rejectedClosed = cells[Counter.rejectedClosed]!
    target.rejectedTimeout = cells[Counter.rejectedTimeout]!
    target.rejectedAborted = cells[Counter.rejectedAborted]!
    target.rejectedCircuitOpen = cells[Counter.rejectedCircuitOpen]!
    target.failed = cells[Counter.failed]!
    target.skipped = cells[Counter.skipped]!
    target.deadLettered = cells[Counter.deadLettered]!
    target.retried = cells[Counter.retried]!
    target.invalid = cells[Counter.invalid]!
    return target
  }
}
