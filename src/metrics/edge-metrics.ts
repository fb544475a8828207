import { optionInvalid } from '../errors.ts'
import type { Clock } from '../time/clock.ts'
import type { RejectReason } from './counters.ts'

/** One edge at one moment. Depths in rows, times in nanoseconds. */
export interface EdgeSnapshot {
  /** `from→to`. */
  name: string
  from: string
  to: string
  strategy: string
  depth: number
  highWaterMark: number
  /** Infinity for an unbounded edge. */
  capacity: number
  /** Time spent full, the running stretch included. */
  timeFullNs: number
  /** How often the edge became full. */
  timesFull: number
  /** Rows given up for newer ones. */
  evicted: number
  rejectedFull: number
  rejectedTimeout: number
  rejectedCircuitOpen: number
}

/** An edge without a name or rows, to be filled by {@link EdgeMetrics.snapshotInto}. */
export function createEdgeSnapshot(): EdgeSnapshot {
  return {
    name: '',
    from: '',
    to: '',
    strategy: '',
    depth: 0,
    highWaterMark: 0,
    capacity: 0,
    timeFullNs: 0,
    timesFull: 0,
    evicted: 0,
    rejectedFull: 0,
    rejectedTimeout: 0,
    rejectedCircuitOpen: 0,
  }
}

/** What is asked of an edge while it is in use. */
export interface MeasuredEdge
  extends Readonly<Pick<EdgeSnapshot, 'name' | 'from' | 'to' | 'strategy' | 'capacity' | 'depth'>> {
  /** 0 (empty) … 1 (full). */
  readonly utilization: number
  /** Writes the edge into `target`, without allocation; returns `target`. */
  snapshotInto(target: EdgeSnapshot, nowNs: number): EdgeSnapshot
}

/** What an edge has lost so far, as whoever lets rows in counts it. */
interface EdgeLosses {
  readonly evicted: number
  readonly rejected: Readonly<Pick<Record<RejectReason, number>, 'full' | 'timeout' | 'circuitOpen'>>
}

const NO_LOSSES: EdgeLosses = { evicted: 0, rejected: { full: 0, timeout: 0, circuitOpen: 0 } }

export interface EdgeMetricsOptions {
  /** The stage that writes, the stage that reads. */
  readonly from: string
  readonly to: string
  /** In rows, >= 1; Infinity for an unbounded edge. */
  readonly capacity: number
  /** The edge's backpressure strategy by name; default 'block'. */
  readonly strategy?: string
  /** Read whenever the edge is; default: it loses nothing. */
  readonly losses?: EdgeLosses
}

/** How full one edge is, was at most, and for how long; and what it lost. */
export class EdgeMetrics implements MeasuredEdge {
  readonly name: string
  readonly from: string
  readonly to: string
  readonly capacity: number
  readonly strategy: string
  readonly #clock: Clock
  readonly #losses: EdgeLosses
  #depth = 0
  #highWaterMark = 0
  #full = false
  #fullSinceNs = 0
  #timeFullNs = 0
  #timesFull = 0

  /** @throws EventfluxError `OPTION_INVALID` when the capacity is below 1. */
  constructor(clock: Clock, options: EdgeMetricsOptions) {
    if (!(options.capacity >= 1))
      throw optionInvalid(`an edge holds at least one row, not ${options.capacity}`, { value: options.capacity })
    this.name = `${options.from}→${options.to}`
    this.from = options.from
    this.to = options.to
    this.capacity = options.capacity
    this.strategy = options.strategy ?? 'block'
    this.#clock = clock
    this.#losses = options.losses ?? NO_LOSSES
  }

  get depth(): number {
    return this.#depth
  }

  get highWaterMark(): number {
    return this.#highWaterMark
  }

  get utilization(): number {
    return this.#depth / this.capacity
  }

  get timesFull(): number {
    return this.#timesFull
  }

  /** Nanoseconds spent full, the running stretch included. */
  timeFullNs(nowNs: number = this.#clock.monotonicNs()): number {
    return this.#full ? this.#timeFullNs + (nowNs - this.#fullSinceNs) : this.#timeFullNs
  }

  /** The edge now holds `depth` rows. The clock is read only when the edge becomes full or stops being full. */
  onDepth(depth: number): void {
    this.#depth = depth
    if (depth > this.#highWaterMark) this.#highWaterMark = depth
    if (depth >= this.capacity !== this.#full) this.#turn()
  }

  snapshotInto(target: EdgeSnapshot, nowNs: number = this.#clock.monotonicNs()): EdgeSnapshot {
    target.name = this.name
    target.from = this.from
    target.to = this.to
    target.strategy = this.strategy
    target.depth = this.#depth
    target.highWaterMark = this.#highWaterMark
    target.capacity = this.capacity
    target.timeFullNs = this.timeFullNs(nowNs)
    target.timesFull = this.#timesFull
    const { evicted, rejected } = this.#losses
    target.evicted = evicted
    target.rejectedFull = rejected.full
    target.rejectedTimeout = rejected.timeout
    target.rejectedCircuitOpen = rejected.circuitOpen
    return target
  }

  #turn(): void {
    const nowNs = this.#clock.monotonicNs()
    if (this.#full) {
      this.#timeFullNs += nowNs - this.#fullSinceNs
    } else {
      this.#fullSinceNs = nowNs
      this.#timesFull++
    }
    this.#full = !this.#full
  }
}
