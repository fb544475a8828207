import type { CounterName } from '../metrics/counters.ts'
import type { Assembly } from './assemble.ts'

/** The counters of a job, gathered from its parts. numRecordsIn and numRecordsOut are counted per batch instead. */
export type JobCounts = Readonly<Record<Exclude<CounterName, 'numRecordsIn' | 'numRecordsOut'>, number>> & {
  /** How often its workers were started anew (`restart` of `run`). */
  readonly restarts: number
  /** Rows that links between its stages dropped; at which, and why, is in the `edges` of its metrics. */
  readonly droppedAtLinks: number
}

/** Rows in the ring, and those taken out of it whose batch isn't through yet. */
export const rowsInside = ({ edge: { ledger } }: Assembly): number =>
  ledger.accepted - ledger.delivered - ledger.evicted

/** The writes that sinks have not answered yet, as words behind others; '' where there are none. */
export function writesUnderWay({ sinks }: Assembly): string {
  const waiting = sinks.filter(({ inFlight }) => inFlight > 0)
  return waiting.map(({ name, inFlight }) => `, writes to ${name} on their way: ${inFlight}`).join('')
}

/** What became of every row so far. O(stages). */
export function countJob({ edge, chain, policies }: Assembly): JobCounts {
  const { offered, accepted, delivered, evicted, rejected } = edge.ledger
  let filtered = 0
  for (const operator of chain.operators) {
    if (operator.name === 'filter') filtered += operator.rowsIn - operator.rowsOut
  }
  let late = 0
  for (const window of chain.windows) late += window.lateRows
  const counts = { failed: 0, skipped: 0, deadLettered: 0, retried: 0 }
  for (const { counts: of } of [...policies, ...(chain.elsewhere?.policies ?? [])]) {
    counts.failed += of.failed
    counts.skipped += of.skipped
    counts.deadLettered += of.deadLettered
    counts.retried += of.retried
  }
  let droppedAtLinks = 0
  for (const { dropped } of chain.elsewhere?.links ?? []) droppedAtLinks += dropped
  return {
    offered,
    accepted,
    delivered,
    numLateRecordsDropped: late,
    filtered,
    evicted,
    rejectedFull: rejected.full,
    rejectedClosed: rejected.closed,
    rejectedTimeout: rejected.timeout,
    rejectedAborted: rejected.aborted,
    rejectedCircuitOpen: rejected.circuitOpen,
    invalid: rejected.invalid,
    restarts: chain.elsewhere?.restarts ?? 0,
    droppedAtLinks,
    ...counts,
  }
}
