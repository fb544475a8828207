import { optionInvalid } from '../errors.ts'

/** All counters of a job at one moment. */
export interface CountersSnapshot {
  /** Rows that asked to enter. */
  offered: number
  /** Rows that were let in. */
  accepted: number
  /** Accepted rows that left again as intended. */
  delivered: number
  /** Rows the first operator took. */
  numRecordsIn: number
  /** Rows handed to the sink. */
  numRecordsOut: number
  /** Rows behind watermark and allowed lateness. */
  numLateRecordsDropped: number
  /** Rows a filter left out; intended, so never a loss. */
  filtered: number
  /** Accepted rows given up for newer ones (`drop-oldest`). */
  evicted: number
  /** Refused: no room (`drop-newest`, backoff at its end, `unbounded` at its limit, `error`). */
  rejectedFull: number
  /** Refused: the edge was closed. */
  rejectedClosed: number
  /** Refused: the wait took longer than its timeout. */
  rejectedTimeout: number
  /** Refused: the wait was given up through its `AbortSignal`. */
  rejectedAborted: number
  /** Refused: the circuit was open. */
  rejectedCircuitOpen: number
  /** Accepted rows that a stage or sink failed on for good. */
  failed: number
  /** Failures the policy `skip` passed over. */
  skipped: number
  /** Failures handed to the dead-letter sink. */
  deadLettered: number
  /** Attempts after the first. */
  retried: number
  /** Refused: the row didn't fit the schema. */
  invalid: number
}

export type CounterName = keyof CountersSnapshot

/** Why a row was refused. */
export type RejectReason = 'full' | 'closed' | 'timeout' | 'aborted' | 'circuitOpen' | 'invalid'

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
 * Counters that only grow, exact up to 2^53.
 *
 * @example
 * const counters = new Counters()
 * counters.add('numRecordsIn', 4_096)
 * counters.get('numRecordsIn') // 4096
 */
export class Counters {
  readonly #counts = createCountersSnapshot()

  /** @throws EventfluxError `OPTION_INVALID` when `n` is not a number >= 0: counters never go back. */
  add(name: CounterName, n: number): void {
    if (!(n >= 0)) throw optionInvalid(`a counter only grows: it can't count ${n} more`, { value: n })
    this.#counts[name] += n
  }

  get(name: CounterName): number {
    return this.#counts[name]
  }

  /** Writes all counters into `target`, without allocation; returns `target`. */
  snapshotInto(target: CountersSnapshot): CountersSnapshot {
    return Object.assign(target, this.#counts)
  }
}
