import { getHeapStatistics } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { measureClockResolutionNs } from '../../src/metrics/clock-resolution.ts'
import type { EdgeMetrics } from '../../src/metrics/edge-metrics.ts'
import { JobMetrics } from '../../src/metrics/job-metrics.ts'
import { createMetricsSnapshot } from '../../src/metrics/metrics-snapshot.ts'
import { systemClock } from '../../src/time/clock.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

function busyJob(level: 'basic' | 'detailed', stages: number): JobMetrics {
  const metrics = new JobMetrics(level, systemClock)
  for (let i = 0; i < stages; i++) metrics.addOperator(`operator ${i}`)
  for (let i = 0; i < stages - 1; i++)
    metrics.addEdge({ from: `operator ${i}`, to: `operator ${i + 1}`, capacity: 1024 })
  return metrics
}

/** One turn with figures that are no small integers, so a boxed number would show. */
function turn(metrics: JobMetrics, i: number): void {
  metrics.recordBatch(4096 + i, 17, 1234.5 + i)
  metrics.latency.record(1e6 + i * 97.3)
  metrics.currentInputWatermark = 1.7e12 + i
  for (const operator of metrics.operators) operator.recordBatch(4096, 100, 1000.25)
  for (const edge of metrics.edges as EdgeMetrics[]) edge.onDepth(i % 1025)
}

/**
 * Bytes allocated per call, garbage included: so few calls that nothing is collected between the two readings, and the
 * median of several rounds, as the compiler works beside some.
 */
function bytesPerCall(call: (i: number) => void): number {
  const rounds = Array.from({ length: 9 }, () => {
    globalThis.gc!()
    const before = getHeapStatistics().used_heap_size
    for (let i = 0; i < 50; i++) call(i)
    return (getHeapStatistics().used_heap_size - before) / 50
  })
  return rounds.sort((a, b) => a - b)[4]!
}

describe('JobMetrics', () => {
  it('puts everything recorded into the snapshot', () => {
    const clock = new VirtualClock(5000)
    const metrics = new JobMetrics('detailed', clock)
    const filter = metrics.addOperator('filter')
    const sink = metrics.addOperator("sink 'db'")
    const losses = { evicted: 0, rejected: { full: 0, timeout: 0, circuitOpen: 0 } }
    const edge = metrics.addEdge({ from: 'source', to: 'filter', capacity: 10, strategy: 'drop-newest', losses })
    for (let second = 0; second < 20; second++) {
      metrics.recordBatch(1000, 250, 400e6)
      filter.recordBatch(1000, 250, 100e6)
      sink.recordBatch(250, 250, 300e6)
      metrics.recordIdle(500e6)
      metrics.recordBackPressured(100e6)
      metrics.latency.record(2_000_000)
      clock.advance(1000)
    }
    filter.stateBytes = 64
    sink.stateBytes = 100
    edge.onDepth(10)
    losses.rejected.full = 3
    clock.advance(0.5)
    edge.onDepth(4)
    metrics.counters.add('filtered', 15_000)
    metrics.currentInputWatermark = 123_456

    const snapshot = metrics.snapshot()
    expect(snapshot.level).toBe('detailed')
    expect(snapshot.uptimeNs).toBe(20_000.5e6)
    expect(snapshot.clockResolutionNs).toBeNaN()
    expect(snapshot.counters).toMatchObject({
      numRecordsIn: 20_000,
      numRecordsOut: 5000,
      filtered: 15_000,
    })
    // The last ten seconds start 0.1 s minus 0.5 ms late (the current 100 ms), so one mark of ten is still outside.
    expect(snapshot.ratesIn.over10s).toBeCloseTo(9000 / 9.9005, 6)
    expect(snapshot.ratesIn.peak1s).toBe(1000)
    expect(snapshot.busyTimeMsPerSecond).toBeCloseTo((9 * 400) / 9.9005, 6)
    expect(snapshot.idleTimeMsPerSecond).toBeCloseTo((9 * 500) / 9.9005, 6)
    expect(snapshot.backPressuredTimeMsPerSecond).toBeCloseTo((9 * 100) / 9.9005, 6)
    expect(snapshot.latencyNs).toMatchObject({ count: 20, p50: 2e6, p999: 2e6, max: 2e6 })
    expect(snapshot.currentInputWatermark).toBe(123_456)
    expect(snapshot.stateBytes).toBe(164)
    expect(snapshot.operators[0]).toMatchObject({ name: 'filter', numRecordsIn: 20_000, numRecordsOut: 5000 })
    expect(snapshot.operators[0]).toMatchObject({ selectivity: 0.25, busyNs: 2e9, stateBytes: 64 })
    expect(snapshot.operators[0]!.batchNs).toMatchObject({ count: 20, p99: 1e8 })
    expect(snapshot.operators[1]).toMatchObject({ name: "sink 'db'", selectivity: 1 })
    expect(snapshot.edges).toHaveLength(1)
    expect(snapshot.edges[0]).toMatchObject({ name: 'source→filter', depth: 4, highWaterMark: 10, timeFullNs: 0.5e6 })
    expect(snapshot.edges[0]).toMatchObject({ strategy: 'drop-newest', rejectedFull: 3 })
  })

  it("counts rows but not times of operators at level 'basic'", () => {
    const metrics = new JobMetrics('basic', new VirtualClock())
    const operator = metrics.addOperator('filter')
    operator.recordBatch(100, 40, 5000)
    const { operators } = metrics.snapshot()
    expect(operators[0]).toMatchObject({ numRecordsIn: 100, selectivity: 0.4, busyNs: 0 })
    expect(operators[0]!.batchNs.count).toBe(0)
  })

  it('never shows more than a second of work per second', () => {
    const clock = new VirtualClock()
    const metrics = new JobMetrics('basic', clock)
    clock.advance(500)
    metrics.recordBatch(1, 1, 30e9)
    expect(metrics.snapshot().busyTimeMsPerSecond).toBe(1000)
  })

  it('fills the same object again, also with fewer or more operators than before', () => {
    const large = busyJob('basic', 6)
    const small = new JobMetrics('basic', systemClock)
    small.addOperator('only')
    const into = createMetricsSnapshot()
    const counters = into.counters
    expect(large.snapshot(into)).toBe(into)
    expect(into.operators).toHaveLength(6)
    small.snapshot(into)
    expect(into.operators.map(({ name }) => name)).toEqual(['only'])
    expect(into.edges).toEqual([])
    expect(into.counters).toBe(counters)
  })

  it('clears the batch times of an object filled by a detailed job before', () => {
    const detailed = new JobMetrics('detailed', systemClock)
    detailed.addOperator('a').recordBatch(1, 1, 1000)
    const basic = new JobMetrics('basic', systemClock)
    basic.addOperator('a')
    const into = detailed.snapshot()
    expect(into.operators[0]!.batchNs.count).toBe(1)
    expect(basic.snapshot(into).operators[0]!.batchNs.count).toBe(0)
  })

  for (const level of ['basic', 'detailed'] as const)
    it(`records batches and fills snapshots without allocation at level '${level}'`, () => {
      const metrics = busyJob(level, 30)
      const into = createMetricsSnapshot()
      const reuse = (i: number) => {
        turn(metrics, i)
        metrics.snapshot(into)
      }
      // Interpreted code boxes every number; go on until the optimising compiler, which works beside, has caught up.
      let bytes = Number.POSITIVE_INFINITY
      for (let round = 0; round < 50 && bytes >= 400; round++) {
        for (let i = 0; i < 2000; i++) reuse(i)
        bytes = bytesPerCall(reuse)
      }
      // A few numbers are still boxed on their way between functions; one per operator would be 480 bytes and more.
      expect(bytes).toBeLessThan(400)
      expect(bytesPerCall(() => metrics.snapshot())).toBeGreaterThan(4000)
    })
})

describe('measureClockResolutionNs', () => {
  it('finds the step of a coarse clock', () => {
    let readings = 0
    const coarse = { ...systemClock, monotonicNs: () => Math.floor(readings++ / 50) * 100_000 }
    expect(measureClockResolutionNs(coarse)).toBe(100_000)
  })

  it('finds the smallest of several steps', () => {
    const times = [0, 300, 500, 600, 1000, 2000, 2001]
    let reading = 0
    const clock = { ...systemClock, monotonicNs: () => times[Math.min(reading++, times.length - 1)]! }
    expect(measureClockResolutionNs(clock)).toBe(100)
  })

  it("sees the runtime's own clock move", () => {
    expect(measureClockResolutionNs(systemClock)).toBeGreaterThan(0)
  })

  it('is NaN for a clock that stands still', () => {
    expect(measureClockResolutionNs(new VirtualClock())).toBeNaN()
  })
})
