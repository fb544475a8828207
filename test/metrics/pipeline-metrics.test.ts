import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PipelineMetrics } from '../../src/metrics/pipeline-metrics.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

describe('PipelineMetrics', () => {
  it("follows the document's integer average exactly", () => {
    const metrics = new PipelineMetrics({ ema: 'document' })
    const seen = Array.from({ length: 10 }, () => {
      metrics.recordEvent(1000)
      return metrics.latencyNs
    })
    expect(seen).toEqual([100, 190, 271, 343, 408, 467, 520, 568, 611, 649])
  })

  it("equals the document's rule in 64-bit integers on any samples", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1e14 }), { maxLength: 100 }), samples => {
        const metrics = new PipelineMetrics({ ema: 'document' })
        let current = 0n
        for (const sample of samples) {
          metrics.recordEvent(sample)
          current = (current * 9n + BigInt(sample)) / 10n
        }
        expect(metrics.latencyNs).toBe(Number(current))
      }),
    )
  })

  it('starts the standard average at the first sample, so a constant latency shows as it is', () => {
    const metrics = new PipelineMetrics()
    expect(metrics.latencyNs).toBe(0)
    for (let i = 0; i < 10; i++) {
      metrics.recordEvent(1000)
      expect(metrics.latencyNs).toBe(1000)
    }
    metrics.recordEvent(2000)
    expect(metrics.latencyNs).toBeCloseTo(1100, 9)
    metrics.recordEvent(0)
    expect(metrics.latencyNs).toBeCloseTo(990, 9)
  })

  it('counts a broken latency as 0 instead of poisoning the average', () => {
    for (const ema of ['standard', 'document'] as const) {
      const metrics = new PipelineMetrics({ ema })
      metrics.recordEvent(Number.NaN)
      metrics.recordEvent(-5)
      expect(metrics.latencyNs).toBe(0)
      expect(metrics.eventsTotal).toBe(2)
    }
  })

  it('has throughput as a count and the rate beside it', () => {
    const clock = new VirtualClock()
    const metrics = new PipelineMetrics({ clock })
    for (let i = 0; i < 2000; i++) {
      metrics.recordEvent(100)
      clock.advance(1)
    }
    expect(metrics.throughput).toBe(2000)
    expect(metrics.eventsTotal).toBe(2000)
    expect(metrics.ratePerSec()).toBe(1000)
    expect(metrics.ratePerSec(60)).toBe(1000)
    expect(metrics.latency.p99).toBe(100)
  })

  it.each([5, 0, -1, 61, Number.NaN, '10', null, {}])('has no rate over %s seconds', seconds => {
    expect(() => new PipelineMetrics().ratePerSec(seconds as 1)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', at: 'seconds', value: seconds }),
    )
  })

  it('has utilization as the share in use', () => {
    const metrics = new PipelineMetrics({ capacity: 200 })
    metrics.queueDepth = 50
    expect(metrics.utilization).toBe(0.25)
    expect(new PipelineMetrics().utilization).toBe(0)
  })

  it('derives error rate, drop rate and score', () => {
    const metrics = new PipelineMetrics()
    expect([metrics.errorRate, metrics.dropRate, metrics.score]).toEqual([0, 0, 1])
    for (let i = 0; i < 100; i++) metrics.recordPublish(i === 50 ? 4e6 : 1000)
    for (let i = 0; i < 72; i++) metrics.recordEvent(1000)
    metrics.recordError(8)
    metrics.recordDrop(20)
    expect(metrics.errorRate).toBe(0.1)
    expect(metrics.dropRate).toBe(0.2)
    expect(metrics.maxPublishLatencyNs).toBe(4e6)
    expect(metrics.score).toBeCloseTo(1 - 0.2 - 0.2 - 0.5 * 0.4, 12)
  })

  it('keeps the score within 0..1', () => {
    const metrics = new PipelineMetrics()
    metrics.recordError(10)
    metrics.recordPublish(1e12)
    expect(metrics.score).toBe(0)
  })

  it('needs all four conditions to be healthy', () => {
    const run = (change: (metrics: PipelineMetrics) => void, events = 1500): boolean => {
      const clock = new VirtualClock()
      const metrics = new PipelineMetrics({ clock })
      for (let i = 0; i < events; i++) {
        metrics.recordPublish(1000)
        metrics.recordEvent(1000)
      }
      clock.advance(1000)
      for (let i = 0; i < events; i++) {
        metrics.recordPublish(1000)
        metrics.recordEvent(1000)
      }
      change(metrics)
      return metrics.healthy
    }
    expect(run(() => {})).toBe(true)
    expect(run(metrics => metrics.recordError(20))).toBe(true)
    expect(run(metrics => metrics.recordError(40))).toBe(false)
    expect(run(metrics => metrics.recordDrop(100))).toBe(true)
    expect(run(metrics => metrics.recordDrop(200))).toBe(false)
    expect(run(() => {}, 900)).toBe(false)
    expect(run(metrics => metrics.recordPublish(9.9e6))).toBe(true)
    expect(run(metrics => metrics.recordPublish(10e6))).toBe(false)
  })

  it('starts over after a reset, the first sample initialising again', () => {
    const metrics = new PipelineMetrics()
    metrics.recordEvent(5000)
    metrics.recordError()
    metrics.recordDrop()
    metrics.recordPublish(1e6)
    metrics.reset()
    expect([metrics.eventsTotal, metrics.droppedEvents, metrics.processingErrors, metrics.eventsPublished]).toEqual([
      0, 0, 0, 0,
    ])
    expect([metrics.latencyNs, metrics.maxPublishLatencyNs]).toEqual([0, 0])
    metrics.recordEvent(700)
    expect(metrics.latencyNs).toBe(700)
  })

  it('refuses unknown averages and capacities below 1', () => {
    expect(() => new PipelineMetrics({ ema: 'fast' as 'standard' })).toThrow(/'standard' or 'document'/)
    expect(() => new PipelineMetrics({ capacity: 0 })).toThrow(/at least 1/)
  })
})
