import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRateSnapshot, Meter, type RateWindow } from '../../src/metrics/meter.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

interface Mark {
  readonly atMs: number
  readonly n: number
}

/** The rule of the docstring on a plain list of marks. */
function modelRate(marks: readonly Mark[], seconds: number, nowMs: number): number {
  const firstMs = (Math.floor(nowMs / 100) - (seconds * 10 - 1)) * 100
  const sum = marks.filter(({ atMs }) => atMs >= firstMs).reduce((total, { n }) => total + n, 0)
  const coveredMs = nowMs - Math.max(0, firstMs)
  return (sum / Math.max(100, coveredMs)) * 1000
}

function modelPeak(marks: readonly Mark[], nowMs: number): number {
  let peak = 0
  for (let endMs = 100; endMs <= nowMs + 100; endMs += 100) {
    const inside = marks.filter(({ atMs }) => atMs >= endMs - 1000 && atMs < endMs)
    peak = Math.max(
      peak,
      inside.reduce((total, { n }) => total + n, 0),
    )
  }
  return peak
}

const pauses = fc.oneof(
  fc.integer({ min: 0, max: 90 }),
  fc.integer({ min: 100, max: 2500 }),
  fc.constantFrom(100, 1000, 9900, 10_000, 59_900, 60_000, 61_000, 130_000),
)
const steps = fc.array(fc.record({ waitMs: pauses, n: fc.integer({ min: 0, max: 5000 }) }), { maxLength: 40 })

describe('Meter', () => {
  it('has the rates and the peak of a brute-force model over any schedule', () => {
    fc.assert(
      fc.property(steps, pauses, fc.constantFrom(0, 12_345_600), (schedule, lastWaitMs, startMs) => {
        const clock = new VirtualClock(startMs)
        const meter = new Meter(clock)
        const marks: Mark[] = []
        const compare = () => {
          const nowMs = clock.now() - startMs
          for (const seconds of [1, 10, 60] as RateWindow[]) {
            const expected = modelRate(marks, seconds, nowMs)
            expect(Math.abs(meter.rate(seconds) - expected)).toBeLessThanOrEqual(expected * 1e-12)
          }
        }
        for (const { waitMs, n } of schedule) {
          clock.advance(waitMs)
          meter.mark(n)
          marks.push({ atMs: clock.now() - startMs, n })
          compare()
        }
        clock.advance(lastWaitMs)
        compare()
        expect(meter.peak()).toBe(modelPeak(marks, clock.now() - startMs))
        expect(meter.total).toBe(marks.reduce((total, { n }) => total + n, 0))
      }),
      { numRuns: 200 },
    )
  })

  it('shows a steady stream as the same rate in all windows', () => {
    const clock = new VirtualClock()
    const meter = new Meter(clock)
    for (let i = 0; i < 12_000; i++) {
      meter.mark(5)
      clock.advance(10)
    }
    for (const seconds of [1, 10, 60] as RateWindow[]) expect(meter.rate(seconds)).toBeCloseTo(500, 6)
  })

  it('forgets a burst second by second', () => {
    const clock = new VirtualClock()
    const meter = new Meter(clock)
    meter.mark(1000)
    clock.advance(1500)
    expect(meter.rate(1)).toBe(0)
    expect(meter.rate(10)).toBeGreaterThan(0)
    clock.advance(10_000)
    expect(meter.rate(10)).toBe(0)
    expect(meter.rate(60)).toBeGreaterThan(0)
    clock.advance(60_000)
    expect(meter.snapshotInto(createRateSnapshot())).toEqual({ over1s: 0, over10s: 0, over60s: 0, peak1s: 1000 })
    expect(meter.total).toBe(1000)
  })

  it('begins anew after a reset', () => {
    const clock = new VirtualClock()
    const meter = new Meter(clock)
    meter.mark(1000)
    clock.advance(5050)
    meter.reset()
    clock.advance(500)
    meter.mark(100)
    expect(meter.total).toBe(100)
    expect(meter.peak()).toBe(100)
    expect(meter.rate(60)).toBe(200)
  })
})
