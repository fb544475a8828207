import fc from 'fast-check'
import { expect, it } from 'vitest'
import { DueWheel } from '../../../src/operators/window/due-wheel.ts'

const steps = fc.array(
  fc.oneof(
    fc.record({ add: fc.integer({ min: -50, max: 500 }) }),
    // So far off that times and positions don't fit one number.
    fc.record({ add: fc.integer({ min: 2 ** 51, max: 2 ** 52 }) }),
    fc.record({ putOff: fc.nat(40), by: fc.integer({ min: 1, max: 300 }) }),
    fc.record({ forget: fc.nat(40) }),
    fc.record({ collect: fc.oneof({ weight: 5, arbitrary: fc.nat(80) }, { weight: 1, arbitrary: fc.nat(2_000) }) }),
  ),
  { maxLength: 120 },
)

it('hands out what is due, by time, however often it was put off; nothing is due before it says', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), steps, (waitMs, script) => {
      const due = new Map<number, number>()
      const wheel = new DueWheel(waitMs, address => due.get(address)!)
      const forgotten = new Set<number>()
      let watermark = -100
      let made = 0
      const pick = (at: number) => [...due.keys()].filter(address => !forgotten.has(address))[at]
      const collect = () => {
        const out: number[] = []
        wheel.collect(watermark, out)
        const kept = out.filter(address => !forgotten.delete(address))
        const wanted = [...due].filter(([address, at]) => at <= watermark && !forgotten.has(address) && at > -Infinity)
        expect([...kept].sort()).toEqual(wanted.map(([address]) => address).sort())
        expect(kept.map(address => due.get(address))).toEqual(wanted.map(([, at]) => at).sort((a, b) => a - b))
        for (const address of out) due.delete(address)
        const waiting = [...due].filter(([address]) => !forgotten.has(address)).map(([, at]) => at)
        if (watermark < Number.POSITIVE_INFINITY) expect(wheel.nextDue()).toBeGreaterThan(watermark)
        expect(wheel.nextDue()).toBeLessThanOrEqual(Math.min(...waiting))
      }
      for (const step of script) {
        if ('add' in step) {
          const address = made++
          due.set(address, watermark + step.add)
          wheel.add(address, watermark + step.add)
        } else if ('putOff' in step) {
          const address = pick(step.putOff)
          if (address !== undefined) due.set(address, due.get(address)! + step.by)
        } else if ('forget' in step) {
          const address = pick(step.forget)
          if (address !== undefined) {
            due.set(address, Number.NEGATIVE_INFINITY)
            forgotten.add(address)
          }
        } else {
          watermark += step.collect
          collect()
        }
      }
      watermark = Number.POSITIVE_INFINITY
      collect()
      expect(due.size).toBe(0)
      expect(wheel.nextDue()).toBe(Number.POSITIVE_INFINITY)
    }),
    { numRuns: 500 },
  )
})

it.each([12, 13, 14, 15])(
  'hands out what is due where one millisecond more is no other number: %i ms behind the last',
  wait => {
    const last = Number.MAX_SAFE_INTEGER + wait
    const wheel = new DueWheel(wait, () => last)
    wheel.add(8, last)
    const out: number[] = []
    wheel.collect(last - 100, out)
    expect(out).toEqual([])
    wheel.collect(Number.POSITIVE_INFINITY, out)
    expect(out).toEqual([8])
  },
)
