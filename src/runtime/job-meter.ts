import type { CounterName } from '../metrics/counters.ts'
import type { EdgeMetrics } from '../metrics/edge-metrics.ts'
import { JobMetrics } from '../metrics/job-metrics.ts'
import type { MetricsSnapshot } from '../metrics/metrics-snapshot.ts'
import type { OperatorMetrics } from '../metrics/operator-metrics.ts'
import { type PressureEvent, PressureMonitor } from '../metrics/pressure-monitor.ts'
import { WorkersMetrics } from '../metrics/worker-metrics.ts'
import type { OperatorCounts } from '../operators/chain.ts'
import type { Clock } from '../time/clock.ts'
import type { Assembly } from './assemble.ts'
import { countJob } from './job-counts.ts'
import { Listeners } from './listeners.ts'

/**
 * Measures one job: cheap facts per batch while it runs, everything else gathered from the parts when a snapshot is
 * asked for.
 */
export class JobMeter {
  readonly #metrics: JobMetrics
  readonly #assembly: Assembly
  readonly #clock: Clock
  readonly #operators: readonly {
    readonly metrics: OperatorMetrics
    readonly of: OperatorCounts
  }[]
  readonly #input: EdgeMetrics
  readonly #outputs: readonly EdgeMetrics[]
  readonly #pressure: PressureMonitor
  readonly #workers: WorkersMetrics | undefined
  readonly pressureListeners: Listeners<PressureEvent>
  /** When the oldest row in the ring came in. */
  #arrivedNs = 0
  #idleSinceNs = 0
  #rowsOut = 0
  #blockedSinceNs = -1

  constructor(
    level: 'basic' | 'detailed',
    assembly: Assembly,
    clock: Clock,
    strategy: string,
    failed: (error: unknown) => void,
  ) {
    this.pressureListeners = new Listeners('onPressure', failed)
    this.#metrics = new JobMetrics(level, clock)
    this.#assembly = assembly
    this.#clock = clock
    const { chain, sinks, edge } = assembly
    const stages = [...chain.operators, ...sinks]
    this.#operators = stages.map(of => ({ of, metrics: this.#metrics.addOperator(of.name) }))
    for (const { of, metrics } of this.#operators) {
      const timed = chain.timed.get(of)
      if (timed) {
        timed.onBatch = busyNs =>
          metrics.recordBatch(of.rowsIn - metrics.numRecordsIn, of.rowsOut - metrics.numRecordsOut, busyNs)
      }
    }
    // Without a step the job itself stands between its two edges: they need names that differ.
    const names = this.#metrics.operators.map(({ name }) => name)
    const ends = names.splice(chain.operators.length)
    const first = names[0] ?? 'job'
    const last = names.at(-1) ?? 'job'
    const capacity = strategy === 'unbounded' ? Number.POSITIVE_INFINITY : edge.ring.capacity
    this.#input = this.#metrics.addEdge({ from: 'source', to: first, capacity, strategy, losses: edge.ledger })
    this.#metrics.edges.push(...(chain.elsewhere?.links ?? []))
    this.#outputs = sinks.map(({ maxInFlight }, i) =>
      this.#metrics.addEdge({ from: last, to: ends[i]!, capacity: maxInFlight }),
    )
    this.#workers = chain.elsewhere && new WorkersMetrics(chain.elsewhere.workers)
    this.#pressure = new PressureMonitor(this.#metrics.edges, event => this.pressureListeners.tell(event), {
      operators: this.#metrics.operators,
    })
    this.#idleSinceNs = clock.monotonicNs()
  }

  rowsArrived(): void {
    const { length } = this.#assembly.edge.ring
    this.#input.onDepth(length)
    if (this.#idleSinceNs >= 0) {
      this.#arrivedNs = this.#clock.monotonicNs()
      this.#metrics.recordIdle(this.#arrivedNs - this.#idleSinceNs)
      this.#idleSinceNs = -1
    }
    if (this.pressureListeners.size > 0) this.#pressure.check()
  }

  /** The ring is as full now as it has come to be since the last batch. */
  batchBegins(): void {
    this.#input.onDepth(this.#assembly.edge.ring.length)
  }

  batchDone(rows: number, busyNs: number): void {
    const { edge } = this.#assembly
    this.#metrics.recordBatch(rows, this.#newRowsOut(), busyNs)
    const nowNs = this.#clock.monotonicNs()
    this.#metrics.latency.record(nowNs - this.#arrivedNs)
    this.#input.onDepth(edge.ring.length)
    if (edge.ring.isEmpty) this.#idleSinceNs = nowNs
    else this.#arrivedNs = nowNs
    if (this.#blockedSinceNs >= 0) {
      this.#metrics.recordBackPressured(nowNs - this.#blockedSinceNs)
      this.#blockedSinceNs = -1
    }
    this.#checkOutputs()
  }

  blocked(): void {
    if (this.#blockedSinceNs < 0) this.#blockedSinceNs = this.#clock.monotonicNs()
    this.#checkOutputs()
  }

  /** A turn ended with nothing left to do: what was on its way to a sink may have landed since the last batch. */
  idle(): void {
    this.#checkOutputs()
  }

  snapshot(into: MetricsSnapshot | undefined): MetricsSnapshot {
    const { chain, edge, arena } = this.#assembly
    // The clock, and the end of the input, make rows go out without a batch that is done.
    this.#metrics.recordBatch(0, this.#newRowsOut(), 0)
    for (const { metrics, of } of this.#operators)
      metrics.recordRows(of.rowsIn - metrics.numRecordsIn, of.rowsOut - metrics.numRecordsOut)
    const { restarts: _, droppedAtLinks: __, ...counts } = countJob(this.#assembly)
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) this.#raise(name, counts[name])
    const watermark = chain.eventTimes[0]?.currentWatermark
    if (watermark !== undefined) this.#metrics.currentInputWatermark = watermark
    this.#input.onDepth(edge.ring.length)
    this.#readOutputs()
    const snapshot = this.#metrics.snapshot(into)
    this.#workers?.snapshotInto(snapshot)
    snapshot.stateBytes = Math.max(0, arena.bytesInUse - edge.ring.bytes)
    return snapshot
  }

  /** Rows that went out since the last call. */
  #newRowsOut(): number {
    const before = this.#rowsOut
    this.#rowsOut = 0
    for (const sink of this.#assembly.sinks) this.#rowsOut += sink.rowsOut
    return this.#rowsOut - before
  }

  /** What was seen of an operator so far, for explain(). */
  notesOn(operator: OperatorCounts): string[] {
    const { rowsIn, rowsOut } = operator
    if (rowsIn === 0) return []
    const { name, busyNs } = this.#operators.find(({ of }) => of === operator)!.metrics
    const time = busyNs > 0 ? `, ${(busyNs / rowsIn).toFixed(1)} ns a row` : ''
    return [`${name}: ${rowsIn} rows in, ${rowsOut} out (${((rowsOut / rowsIn) * 100).toFixed(1)} %)${time}`]
  }

  #readOutputs(): void {
    const { sinks } = this.#assembly
    for (let i = 0; i < sinks.length; i++) this.#outputs[i]!.onDepth(sinks[i]!.inFlight)
  }

  #checkOutputs(): void {
    this.#readOutputs()
    if (this.pressureListeners.size > 0) this.#pressure.check()
  }

  #raise(name: CounterName, total: number): void {
    this.#metrics.counters.add(name, Math.max(0, total - this.#metrics.counters.get(name)))
  }
}
