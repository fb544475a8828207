import { LinkMetrics } from '../metrics/link-metrics.ts'
import type { WorkerLink } from './worker-job.ts'
import type { ReadyWorker } from './worker-pool.ts'

/** What is seen of a link from outside, out of the cells of the workers at its ends. */
export function measuredLink({ from, to, bufferSize, strategy }: WorkerLink, sender: ReadyWorker, reader: ReadyWorker) {
  const capacity = strategy.kind === 'unbounded' ? Number.POSITIVE_INFINITY : bufferSize
  const reading = {
    delivered: 0,
    evicted: 0,
    rejectedFull: 0,
    rejectedTimeout: 0,
    offered: 0,
    highWaterMark: 0,
    timesFull: 0,
    timeFullNs: 0,
  }
  return new LinkMetrics({ from, to, capacity, strategy: strategy.kind }, () => {
    const { cells } = sender
    // Rows that are offered are counted first and read last: there never seem to be fewer of them than of the others.
    reading.delivered = reader.cells.taken
    reading.evicted = cells.linkCount('evicted')
    reading.rejectedFull = cells.linkCount('full')
    reading.rejectedTimeout = cells.linkCount('timeout')
    reading.offered = cells.linkCount('offered')
    reading.highWaterMark = cells.linkCount('highWaterMark')
    reading.timesFull = cells.linkCount('timesFull')
    reading.timeFullNs = cells.linkCount('timeFullNs')
    return reading
  })
}
