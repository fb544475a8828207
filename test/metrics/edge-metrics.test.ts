import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEdgeSnapshot, EdgeMetrics } from '../../src/metrics/edge-metrics.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

describe('EdgeMetrics', () => {
  it('has depth, high-water mark and time full of a brute-force model over any schedule', () => {
    const schedule = fc.array(
      fc.record({ depth: fc.integer({ min: 0, max: 5 }), holdMs: fc.integer({ min: 0, max: 50 }) }),
    )
    fc.assert(
      fc.property(schedule, steps => {
        const clock = new VirtualClock(1000)
        const edge = new EdgeMetrics(clock, { from: 'a', to: 'b', capacity: 4 })
        let fullMs = 0
        for (const { depth, holdMs } of steps) {
          edge.onDepth(depth)
          clock.advance(holdMs)
          if (depth >= 4) fullMs += holdMs
          expect(edge.timeFullNs()).toBe(fullMs * 1e6)
        }
        expect(edge.depth).toBe(steps.at(-1)?.depth ?? 0)
        expect(edge.highWaterMark).toBe(Math.max(0, ...steps.map(({ depth }) => depth)))
        const entries = steps.filter(({ depth }, i) => depth >= 4 && (steps[i - 1]?.depth ?? 0) < 4)
        expect(edge.timesFull).toBe(entries.length)
      }),
    )
  })

  it('reads the clock only when the edge becomes full or stops being full', () => {
    const clock = new VirtualClock()
    let readings = 0
    const counting = {
      now: () => clock.now(),
      monotonicNs: () => {
        readings++
        return clock.monotonicNs()
      },
      after: clock.after.bind(clock),
    }
    const edge = new EdgeMetrics(counting, { from: 'a', to: 'b', capacity: 100 })
    for (let depth = 0; depth < 100; depth++) edge.onDepth(depth)
    expect(readings).toBe(0)
    edge.onDepth(100)
    edge.onDepth(101)
    expect(readings).toBe(1)
    edge.onDepth(3)
    expect(readings).toBe(2)
  })

  it('tells the losses that whoever lets rows in has counted by now', () => {
    const losses = { evicted: 0, rejected: { full: 0, timeout: 0, circuitOpen: 0 } }
    const edge = new EdgeMetrics(new VirtualClock(), {
      from: 'source',
      to: 'window',
      capacity: 2,
      strategy: 'drop-oldest',
      losses,
    })
    const nothing = {
      ...createEdgeSnapshot(),
      name: 'source→window',
      from: 'source',
      to: 'window',
      strategy: 'drop-oldest',
      capacity: 2,
    }
    expect(edge.snapshotInto(createEdgeSnapshot())).toEqual(nothing)
    losses.evicted = 5
    losses.rejected = { full: 2, timeout: 1, circuitOpen: 3 }
    expect(edge.snapshotInto(createEdgeSnapshot())).toEqual({
      ...nothing,
      evicted: 5,
      rejectedFull: 2,
      rejectedTimeout: 1,
      rejectedCircuitOpen: 3,
    })
  })

  it('is never full when unbounded', () => {
    const edge = new EdgeMetrics(new VirtualClock(), { from: 'a', to: 'b', capacity: Number.POSITIVE_INFINITY })
    edge.onDepth(1e9)
    expect(edge.timesFull).toBe(0)
    expect(edge.utilization).toBe(0)
  })

  it('refuses a capacity below one row', () => {
    expect(() => new EdgeMetrics(new VirtualClock(), { from: 'a', to: 'b', capacity: 0 })).toThrow(/at least one row/)
  })
})
