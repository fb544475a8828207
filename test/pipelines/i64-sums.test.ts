import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { i64, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { cumulate, hopping, tumbling } from '../../src/time/windows.ts'
import { windowsOf } from '../plan/aligned-windows-interpreter.ts'
import { ENGINES, runPlanRows } from './run-plan-rows.ts'

const events = schema({ time: timestamp(), value: i64() })
const MAX = 2n ** 63n - 1n
const MIN = -(2n ** 63n)

const specs = [tumbling(20), hopping(25, 10), hopping(30, 10), cumulate(10, 30)]
const rows = fc.array(
  fc.record({
    time: fc.integer({ min: 0, max: 90 }),
    value: fc.constantFrom(MAX, MIN, 1n, -1n, 5n, MAX / 2n, MIN / 2n, -MAX),
  }),
  { minLength: 1, maxLength: 8 },
)

describe('sums of i64', () => {
  it('are exact or end the job: none that left the range is given, whatever the slices and the order of rows', async () => {
    const seen = { given: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...specs), rows, async (spec, input) => {
        const { plan } = pipeline(events)
          .eventTime('time', { outOfOrdernessMs: 100 })
          .window(spec)
          .aggregate(e => ({ total: sum(e.value) }))
        const sums = new Map<number, bigint>()
        for (const { time, value } of input)
          for (const { end } of windowsOf(spec, time)) sums.set(end, (sums.get(end) ?? 0n) + value)
        const outcomes = []
        for (const engine of ENGINES)
          for (const maxBatch of [1, 3, 64]) {
            const how = { engine, maxBatch, bufferSize: 64, way: 'pushMany', blockRows: 8, stalls: false } as const
            outcomes.push(await runPlanRows(plan, input, how))
          }
        for (const outcome of outcomes) {
          if ('code' in outcome) {
            seen.refused++
            expect(outcome).toEqual({ code: 'OVERFLOW' })
            expect(outcomes[0]).toEqual(outcome)
          } else {
            seen.given++
            const given = outcome.rows.map(({ windowEnd, total }) => [windowEnd, total])
            expect(given).toEqual([...sums].sort(([a], [b]) => a - b))
            for (const total of sums.values()) expect(total >= MIN && total <= MAX).toBe(true)
          }
        }
      }),
      { numRuns: 150 },
    )
    expect(Math.min(seen.given, seen.refused)).toBeGreaterThan(50)
  })
})
