import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { calendar } from '../../src/time/calendar-windows.ts'
import type { Early } from '../../src/time/early.ts'
import { session, slidingPerEvent } from '../../src/time/session-windows.ts'
import { cumulate, hopping, tumbling, type WindowSpec } from '../../src/time/windows.ts'
import type { Row } from '../plan/scalar-interpreter.ts'
import { ENGINES, manner, runPlanRows } from './run-plan-rows.ts'

const events = schema({ time: timestamp(), key: utf8(), id: i32() })
const HOUR_MS = 3_600_000

interface Given {
  readonly name: string
  /** The window, with late rows to a sink or counted. */
  readonly window: (more: { lateTo?: string }) => WindowSpec
  readonly unitMs: number
  /** Whether a row is in one window at most, so that windows that discard tell each row once. */
  readonly isOnce: boolean
}

const given = fc
  .record({
    kind: fc.constantFrom('tumbling', 'hopping', 'sampling', 'cumulate', 'day', 'session', 'sliding'),
    lateness: fc.constantFrom(0, 1, 10, 60),
    firing: fc.constantFrom('accumulating', 'discarding', 'retracting'),
    early: fc.constantFrom<Early | undefined>(undefined, { rows: 2 }),
  })
  .map(({ kind, lateness, firing, early }): Given => {
    const unitMs = kind === 'day' ? HOUR_MS : 1
    const allowedLateness = lateness * unitMs
    const options = { allowedLateness, firing, ...(early && { early }) }
    const windows: Record<typeof kind, Given['window']> = {
      tumbling: more => tumbling(20, { ...options, ...more }),
      hopping: more => hopping(30, 7, { ...options, ...more }),
      sampling: more => hopping(5, 15, { sampling: true, ...options, ...more }),
      cumulate: more => cumulate(10, 30, { ...options, ...more }),
      day: more => calendar('day', { zone: 'Australia/Lord_Howe', ...options, ...more }),
      session: more => session(6, { ...options, ...more }),
      sliding: more => slidingPerEvent(9, { allowedLateness, ...more }),
    }
    const isOnce = (kind === 'tumbling' || kind === 'day' || kind === 'session') && firing === 'discarding'
    return { name: kind, window: windows[kind], unitMs, isOnce }
  })

const steps = fc.array(
  fc.record({
    step: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: -4, max: 6 }) },
      { weight: 2, arbitrary: fc.integer({ min: -90, max: 40 }) },
    ),
    key: fc.constantFrom('a', 'b', 'c'),
  }),
  { minLength: 1, maxLength: 80, size: 'max' },
)

describe('rows that no window takes', () => {
  it.each(ENGINES)('go to the sink for them, or are counted: each row is told once, on %s', async engine => {
    await fc.assert(
      fc.asyncProperty(
        given,
        steps,
        fc.constantFrom(0, 5),
        fc.constantFrom(1, 7, 4096),
        async ({ window, unitMs, isOnce }, raw, disorder, size) => {
          let time = Date.UTC(2024, 3, 5)
          const input = raw.map(({ step, key }, id): Row => ({ time: (time += step * unitMs), key, id }))
          const run = async (more: { lateTo?: string }) => {
            const { plan } = pipeline(events)
              .eventTime('time', { outOfOrdernessMs: disorder * unitMs })
              .keyBy('key')
              .window(window(more) as ReturnType<typeof tumbling>)
              .aggregate(e => ({ n: count(), ids: sum(e.id) }))
            const outcome = await runPlanRows(plan, input, manner(engine, size))
            if ('code' in outcome) expect.fail(outcome.code)
            return outcome
          }
          const counted = await run({})
          const told = await run({ lateTo: 'late' })
          const late = told.branches.get('late')!
          expect(told.rows).toEqual(counted.rows)
          expect(told.late).toBe(0)
          expect(late).toHaveLength(counted.late)
          // As they stood before the window, in the order they came.
          expect(late).toEqual(input.filter(row => late.some(({ id }) => id === row.id)))
          if (!isOnce) return
          const taken = told.rows.filter(({ isRetraction }) => isRetraction !== true)
          expect(taken.reduce((n, row) => n + Number(row.n), 0) + late.length).toBe(input.length)
          const ids = (rows: readonly Row[], column: string) => rows.reduce((n, row) => n + Number(row[column]), 0)
          expect(ids(taken, 'ids') + ids(late, 'id')).toBe(ids(input, 'id'))
        },
      ),
      { numRuns: 150 },
    )
  })
})
