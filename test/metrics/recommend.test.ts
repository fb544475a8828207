import { describe, expect, it } from 'vitest'
import { createEdgeSnapshot, type EdgeSnapshot } from '../../src/metrics/edge-metrics.ts'
import { JobMetrics } from '../../src/metrics/job-metrics.ts'
import { createMetricsSnapshot, type MetricsSnapshot } from '../../src/metrics/metrics-snapshot.ts'
import { recommend } from '../../src/metrics/recommend.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

/** A snapshot 100 s into a job with edges between stages 0, 1, 2 …, of 1,000 rows each unless said otherwise. */
function snapshotWith(...edges: Partial<EdgeSnapshot>[]): MetricsSnapshot {
  const snapshot = createMetricsSnapshot()
  snapshot.uptimeNs = 100e9
  snapshot.edges = edges.map((edge, i) => ({
    ...createEdgeSnapshot(),
    name: `stage ${i}→stage ${i + 1}`,
    from: `stage ${i}`,
    to: `stage ${i + 1}`,
    strategy: 'block',
    capacity: 1000,
    ...edge,
  }))
  return snapshot
}

const full = (seconds: number, timesFull = 10): Partial<EdgeSnapshot> => ({
  highWaterMark: 1000,
  timeFullNs: seconds * 1e9,
  timesFull,
})
const kinds = (snapshot: MetricsSnapshot) => recommend(snapshot).map(({ kind, edge }) => [kind, edge])

describe('recommend', () => {
  it('calls a job healthy when no edge came near its capacity', () => {
    const found = recommend(snapshotWith({ highWaterMark: 300 }, { highWaterMark: 790 }))
    expect(found).toHaveLength(1)
    expect(found[0]!.kind).toBe('healthy')
    expect(found[0]!.reason).toContain('79 %')
    expect(kinds(snapshotWith())).toEqual([['healthy', undefined]])
  })

  it('says to watch an edge that was nearly full', () => {
    const found = recommend(snapshotWith({ highWaterMark: 920 }))
    expect(found[0]).toMatchObject({ kind: 'monitor', edge: 'stage 0→stage 1' })
    expect(found[0]!.reason).toContain('92 % full (920 of 1,000)')
  })

  it('sizes a bursty edge by burst rate × drain latency', () => {
    const snapshot = snapshotWith(full(5))
    snapshot.ratesIn.peak1s = 20_000
    snapshot.latencyNs.count = 1
    snapshot.latencyNs.p99 = 250e6
    const [found, ...more] = recommend(snapshot)
    expect(more).toEqual([])
    expect(found).toMatchObject({ kind: 'increase-capacity', edge: 'stage 0→stage 1' })
    expect(found!.reason).toContain('full 5 % of the time, 5 s, in 10 bursts')
    // 20,000 a second × 0.25 s = 5,000 rows, as a power of two.
    expect(found!.suggestion).toContain('give it 8,192 rows')
    expect(found!.suggestion).toContain('20,000 rows a second × 250 ms')
  })

  it('asks for at least twice the capacity when the formula gives less', () => {
    expect(recommend(snapshotWith(full(5)))[0]!.suggestion).toContain('give it 2,048 rows')
  })

  it('reports losses even on an edge never seen full', () => {
    const [found] = recommend(snapshotWith({ highWaterMark: 10, evicted: 7, rejectedFull: 1 }))
    expect(found!.kind).toBe('increase-capacity')
    expect(found!.reason).toContain('7 rows gave way to newer ones and 1 row found no room')
  })

  it('asks for less load when an edge is full most of the time and loses rows', () => {
    const snapshot = snapshotWith({ ...full(80), strategy: 'drop-oldest', evicted: 25_000 })
    snapshot.counters.offered = 100_000
    const [found, ...more] = recommend(snapshot)
    expect(more).toEqual([])
    expect(found).toMatchObject({ kind: 'reduce-load', edge: 'stage 0→stage 1' })
    expect(found!.reason).toContain('full 80 % of the time')
    expect(found!.reason).toContain('25,000 rows gave way to newer ones, 25 % of what was offered')
  })

  it('points at the reader of the last edge in a row that is full most of the time', () => {
    expect(kinds(snapshotWith(full(90), full(80), {}))).toEqual([['check-downstream', 'stage 1→stage 2']])
    expect(kinds(snapshotWith(full(90), {}, full(80)))).toEqual([
      ['check-downstream', 'stage 0→stage 1'],
      ['check-downstream', 'stage 2→stage 3'],
    ])
  })

  it('asks for a timeout no shorter than a full edge takes to drain', () => {
    const snapshot = snapshotWith({ ...full(90), rejectedTimeout: 12 })
    snapshot.ratesOut.over60s = 500
    const found = recommend(snapshot).find(({ kind }) => kind === 'adjust-timeout')
    expect(found!.reason).toContain('12 rows timed out')
    expect(found!.suggestion).toContain('at least 2 s')
    snapshot.ratesOut.over60s = 0
    expect(recommend(snapshot).find(({ kind }) => kind === 'adjust-timeout')!.suggestion).toContain('nothing left')
  })

  it('sends the reader of an open circuit downstream', () => {
    const [found] = recommend(snapshotWith({ rejectedCircuitOpen: 1234 }))
    expect(found).toMatchObject({ kind: 'check-downstream', edge: 'stage 0→stage 1' })
    expect(found!.reason).toContain('1,234 rows')
  })

  it('works on what a job measured', () => {
    const clock = new VirtualClock()
    const metrics = new JobMetrics('detailed', clock)
    const sink = metrics.addOperator("sink 'db'")
    const edge = metrics.addEdge({ from: 'source', to: "sink 'db'", capacity: 100 })
    edge.onDepth(100)
    clock.advance(41_000)
    sink.recordBatch(1000, 1000, 41e9)
    const [found] = recommend(metrics.snapshot())
    expect(found).toMatchObject({ kind: 'check-downstream', edge: "source→sink 'db'" })
    expect(found!.reason).toBe(
      "edge source→sink 'db' (100 rows) was full 100 % of the time, 41 s; sink 'db' takes 41 ms a row",
    )
  })
})
