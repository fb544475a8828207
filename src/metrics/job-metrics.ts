import type { Clock } from '../time/clock.ts'
import { measureClockResolutionNs } from './clock-resolution.ts'
import { Counters } from './counters.ts'
import { createEdgeSnapshot, EdgeMetrics, type EdgeMetricsOptions, type MeasuredEdge } from './edge-metrics.ts'
import { Histogram } from './histogram.ts'
import { Meter } from './meter.ts'
import { createMetricsSnapshot, type MetricsSnapshot } from './metrics-snapshot.ts'
import { createOperatorSnapshot, OperatorMetrics } from './operator-metrics.ts'

/** Nanoseconds of one second as milliseconds, never more than the second has: a long batch is told at its end. */
const msPerSecond = (nsPerSecond: number): number => Math.min(1000, nsPerSecond / 1e6)

/** Everything measured of one running job. All methods are meant to be called per batch, not per row. */
export class JobMetrics {
  readonly level: 'basic' | 'detailed'
  readonly counters = new Counters()
  /** From entering the job to leaving it; record one sample per batch. */
  readonly latency = new Histogram()
  /** In data order: the order they were added in. */
  readonly operators: OperatorMetrics[] = []
  readonly edges: MeasuredEdge[] = []
  /** Event time, epoch milliseconds. */
  currentInputWatermark = Number.NEGATIVE_INFINITY

  readonly #clock: Clock
  readonly #startNs: number
  readonly #clockResolutionNs: number
  readonly #in: Meter
  readonly #out: Meter
  readonly #busy: Meter
  readonly #idle: Meter
  readonly #backPressured: Meter

  constructor(level: 'basic' | 'detailed', clock: Clock) {
    this.level = level
    this.#clock = clock
    this.#clockResolutionNs = measureClockResolutionNs(clock)
    this.#startNs = clock.monotonicNs()
    this.#in = new Meter(clock)
    this.#out = new Meter(clock)
    this.#busy = new Meter(clock)
    this.#idle = new Meter(clock)
    this.#backPressured = new Meter(clock)
  }

  /**
   * Metrics of the next operator (or sink) in data order; its times are wanted only at level 'detailed'. The second of a name
   * is called `filter-2`, so that edges say which of them they are of.
   */
  addOperator(name: string): OperatorMetrics {
    const isTaken = (wanted: string): boolean => this.operators.some(operator => operator.name === wanted)
    let own = name
    for (let nth = 2; isTaken(own); nth++) own = `${name}-${nth}`
    const operator = new OperatorMetrics(own, this.level === 'detailed')
    this.operators.push(operator)
    return operator
  }

  /** Metrics of the next edge in data order. */
  addEdge(options: EdgeMetricsOptions): EdgeMetrics {
    const edge = new EdgeMetrics(this.#clock, options)
    this.edges.push(edge)
    return edge
  }

  /**
   * One turn of the job: `rowsIn` taken from the source edge, `rowsOut` handed to the sink, `busyNs` spent on it. The
   * two need not belong together: a window's rows go out later than they came in.
   */
  recordBatch(rowsIn: number, rowsOut: number, busyNs: number): void {
    const nowNs = this.#clock.monotonicNs()
    this.counters.add('numRecordsIn', rowsIn)
    this.counters.add('numRecordsOut', rowsOut)
    this.#in.mark(rowsIn, nowNs)
    this.#out.mark(rowsOut, nowNs)
    this.#busy.mark(busyNs, nowNs)
  }

  /** `ns` were spent waiting for input. */
  recordIdle(ns: number): void {
    this.#idle.mark(ns)
  }

  /** `ns` were spent waiting for room downstream. */
  recordBackPressured(ns: number): void {
    this.#backPressured.mark(ns)
  }

  /**
   * The job now. Without `into` a new object; with it the same object again, written without allocation (except when
   * operators or edges were added). Time grows with operators and edges only.
   */
  snapshot(into: MetricsSnapshot = createMetricsSnapshot()): MetricsSnapshot {
    const nowNs = this.#clock.monotonicNs()
    into.level = this.level
    into.uptimeNs = nowNs - this.#startNs
    into.clockResolutionNs = this.#clockResolutionNs
    this.counters.snapshotInto(into.counters)
    this.#in.snapshotInto(into.ratesIn, nowNs)
    this.#out.snapshotInto(into.ratesOut, nowNs)
    this.latency.snapshotInto(into.latencyNs)
    into.currentInputWatermark = this.currentInputWatermark
    into.busyTimeMsPerSecond = msPerSecond(this.#busy.rate(10, nowNs))
    into.idleTimeMsPerSecond = msPerSecond(this.#idle.rate(10, nowNs))
    into.backPressuredTimeMsPerSecond = msPerSecond(this.#backPressured.rate(10, nowNs))
    this.#snapshotOperators(into)
    this.#snapshotEdges(into, nowNs)
    return into
  }

  #snapshotOperators(into: MetricsSnapshot): void {
    const { operators } = this
    while (into.operators.length < operators.length) into.operators.push(createOperatorSnapshot())
    into.operators.length = operators.length
    let stateBytes = 0
    for (let i = 0; i < operators.length; i++) {
      operators[i]!.snapshotInto(into.operators[i]!)
      stateBytes += operators[i]!.stateBytes
    }
    into.stateBytes = stateBytes
  }

  #snapshotEdges(into: MetricsSnapshot, nowNs: number): void {
    const { edges } = this
    while (into.edges.length < edges.length) into.edges.push(createEdgeSnapshot())
    into.edges.length = edges.length
    for (let i = 0; i < edges.length; i++) edges[i]!.snapshotInto(into.edges[i]!, nowNs)
  }
}
