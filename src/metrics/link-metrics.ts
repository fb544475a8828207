import type { EdgeSnapshot, MeasuredEdge } from './edge-metrics.ts'

/** What became of the rows of a link between two threads, as far as its sender and its reader have counted. */
interface LinkReading {
  readonly evicted: number
  readonly rejectedFull: number
  readonly rejectedTimeout: number
  /** Rows the reader has begun on, and those that ever came to the link. */
  readonly delivered: number
  readonly offered: number
  readonly highWaterMark: number
  readonly timesFull: number
  readonly timeFullNs: number
}

/** An edge whose sender counts in another thread. */
export class LinkMetrics implements MeasuredEdge {
  readonly name: string
  readonly from: string
  readonly to: string
  readonly capacity: number
  readonly strategy: string
  readonly #read: () => LinkReading

  constructor(parts: Pick<EdgeSnapshot, 'from' | 'to' | 'capacity' | 'strategy'>, read: () => LinkReading) {
    this.name = `${parts.from}→${parts.to}`
    this.from = parts.from
    this.to = parts.to
    this.capacity = parts.capacity
    this.strategy = parts.strategy
    this.#read = read
  }

  get depth(): number {
    return depthOf(this.#read())
  }

  get utilization(): number {
    return this.depth / this.capacity
  }

  /** Rows that were dropped, whatever for. */
  get dropped(): number {
    return droppedOf(this.#read())
  }

  snapshotInto(target: EdgeSnapshot): EdgeSnapshot {
    const reading = this.#read()
    target.name = this.name
    target.from = this.from
    target.to = this.to
    target.strategy = this.strategy
    target.depth = depthOf(reading)
    target.highWaterMark = reading.highWaterMark
    target.capacity = this.capacity
    target.timeFullNs = reading.timeFullNs
    target.timesFull = reading.timesFull
    target.evicted = reading.evicted
    target.rejectedFull = reading.rejectedFull
    target.rejectedTimeout = reading.rejectedTimeout
    target.rejectedCircuitOpen = 0
    return target
  }
}

const droppedOf = ({ evicted, rejectedFull, rejectedTimeout }: LinkReading): number =>
  evicted + rejectedFull + rejectedTimeout

const depthOf = (reading: LinkReading): number => reading.offered - reading.delivered - droppedOf(reading)
