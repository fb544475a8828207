import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, max, min, sum } from '../../src/expression/aggregates.ts'
import { maxForever, minForever } from '../../src/expression/choice-aggregates.ts'
import { asc, desc } from '../../src/expression/ordering.ts'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import type { AlignedSpec } from '../../src/time/aligned-windows.ts'
import { type CalendarSpec, calendar } from '../../src/time/calendar-windows.ts'
import type { Early } from '../../src/time/early.ts'
import { globalWindow } from '../../src/time/global-windows.ts'
import { session } from '../../src/time/session-windows.ts'
import { everyInterval, everyRows } from '../../src/time/triggers.ts'
import { cumulate, hopping, tumbling } from '../../src/time/windows.ts'
import { bounded } from '../bounded.ts'
import type { Row } from '../plan/scalar-interpreter.ts'
import { earlyWindowsModel } from './early-windows-model.ts'
import { globalWindowModel } from './global-window-model.ts'
import { repeatedOrderModel } from './repeated-order-model.ts'
import { ENGINES, type Manner, manner, runPlanRows } from './run-plan-rows.ts'
import { wander, wanderingStep } from './wandering-time.ts'

const events = schema({ time: timestamp(), key: utf8(), value: f64() })
const refused = expect.objectContaining({ code: 'PLAN_INVALID' })
const HALF_HOUR = 1_800_000

/** Zones and an instant two days before their clocks change; the last of them by half an hour. */
const CHANGES: readonly (readonly [zone: string, from: number])[] = [
  ['Europe/Berlin', Date.UTC(2024, 9, 25)],
  ['America/New_York', Date.UTC(2024, 2, 8)],
  ['Australia/Lord_Howe', Date.UTC(2024, 3, 5)],
  ['Australia/Lord_Howe', Date.UTC(2024, 9, 4)],
]

/** A window, where its rows begin, and how long the unit is that times are counted in. */
interface Given {
  readonly spec: AlignedSpec | CalendarSpec
  readonly from: number
  readonly unitMs: number
}

const FIRINGS = ['accumulating', 'discarding', 'retracting'] as const

/** Every window that may give results early, and that does: those by a calendar go by half hours. */
const windows = (firings: readonly (typeof FIRINGS)[number][]) =>
  fc
    .record({
      kind: fc.constantFrom('cumulate', 'sampling', 'tumbling', 'hopping', 'day', 'week', 'month'),
      change: fc.constantFrom(...CHANGES),
      early: fc.constantFrom<Early>({ rows: 1 }, { rows: 3 }, { everyEventTime: 4 }, { everyEventTime: 25 }),
      lateness: fc.constantFrom(0, 8, 40),
      firing: fc.constantFrom(...firings),
      offset: fc.constantFrom(0, 3, -4),
    })
    .map(({ kind, change: [zone, from], early, lateness, firing, offset }): Given => {
      const isCalendar = kind === 'day' || kind === 'week' || kind === 'month'
      const unitMs = isCalendar ? HALF_HOUR : 1
      const asked = 'everyEventTime' in early ? { everyEventTime: Number(early.everyEventTime) * unitMs } : early
      const options = { early: asked, allowedLateness: lateness * unitMs, firing }
      if (isCalendar) return { spec: calendar(kind, { zone, ...options }), from, unitMs }
      const given = (spec: AlignedSpec): Given => ({ spec, from: -60, unitMs })
      if (kind === 'cumulate') return given(cumulate(10, 30, { ...options, offset }))
      if (kind === 'sampling') return given(hopping(5, 15, { sampling: true, ...options, offset }))
      return given(kind === 'tumbling' ? tumbling(20, { ...options, offset }) : hopping(25, 10, { ...options, offset }))
    })

const steps = fc.array(
  fc.record({
    step: wanderingStep,
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    value: fc.integer({ min: -4, max: 4 }),
  }),
  { maxLength: 70, size: 'max' },
)

const rowsOf = ({ from, unitMs }: Given, given: readonly { step: number; key: string; value: number }[]) => {
  return wander(from, given, unitMs)
}

const found = async (plan: Parameters<typeof runPlanRows>[0], input: readonly Row[], how: Manner): Promise<Row[]> => {
  const outcome = await runPlanRows(plan, input, how)
  if ('code' in outcome) expect.fail(outcome.code)
  return outcome.rows.map(row => ({ ...row, ...('n' in row && { n: Number(row.n) }) }))
}

const sizes = fc.constantFrom(1, 3, 64, 4096)
const disorders = fc.constantFrom(0, 6, 50)

describe('orders behind every window that gives results again', () => {
  it.each(ENGINES)('have the first of each firing, and what that replaces, on %s', async engine => {
    await fc.assert(
      fc.asyncProperty(
        windows(FIRINGS),
        steps,
        disorders,
        sizes,
        fc.boolean(),
        async (given, raw, disorder, size, keepsTies) => {
          const input = rowsOf(given, raw)
          const outOfOrdernessMs = disorder * given.unitMs
          const totals = pipeline(events)
            .eventTime('time', { outOfOrdernessMs })
            .keyBy('key')
            .window(given.spec as AlignedSpec)
            .aggregate(e => ({ n: count(), total: sum(e.value) }))
          const { firings } = earlyWindowsModel(given.spec, input, outOfOrdernessMs)
          const { firing = 'accumulating' } = given.spec
          const top = totals.topN(2, r => desc(r.total), { rank: 'place', ties: keepsTies ? 'keep' : 'drop' })
          const byTotal = (a: Row, b: Row) => Number(b.total) - Number(a.total)
          expect(await found(top.plan, input, manner(engine, size))).toEqual(
            repeatedOrderModel(firings, { firing, compare: byTotal, limit: 2, ties: keepsTies, rank: true }).flat(),
          )
          const ordered = totals.orderBy(r => [asc(r.n), desc(r.key)])
          const byCount = (a: Row, b: Row) => Number(a.n) - Number(b.n) || (a.key! < b.key! ? 1 : -1)
          expect(await found(ordered.plan, input, manner(engine, size))).toEqual(
            repeatedOrderModel(firings, {
              firing,
              compare: byCount,
              limit: Number.POSITIVE_INFINITY,
              rank: false,
            }).flat(),
          )
        },
      ),
      { numRuns: bounded(30, 120) },
    )
  })
})

describe('minForever and maxForever', () => {
  it.each(ENGINES)('go by all results that came out before, early and late ones as well, on %s', async engine => {
    await fc.assert(
      fc.asyncProperty(
        windows(['accumulating', 'discarding']),
        steps,
        disorders,
        sizes,
        async (given, raw, disorder, size) => {
          const input = rowsOf(given, raw)
          const outOfOrdernessMs = disorder * given.unitMs
          const { plan } = pipeline(events)
            .eventTime('time', { outOfOrdernessMs })
            .keyBy('key')
            .window(given.spec as AlignedSpec)
            .aggregate(e => ({
              low: min(e.value),
              high: max(e.value),
              lowest: minForever(e.value),
              highest: maxForever(e.value),
            }))
          const extremes = (values: readonly number[]): Row => ({ low: Math.min(...values), high: Math.max(...values) })
          const known = new Map<unknown, { lowest: number; highest: number }>()
          const wanted = earlyWindowsModel(given.spec, input, outOfOrdernessMs, extremes).rows.map(row => {
            const before = known.get(row.key) ?? { lowest: Number.POSITIVE_INFINITY, highest: Number.NEGATIVE_INFINITY }
            const now = {
              lowest: Math.min(before.lowest, row.low as number),
              highest: Math.max(before.highest, row.high as number),
            }
            known.set(row.key, now)
            return { ...row, ...now }
          })
          expect(await found(plan, input, manner(engine, size))).toEqual(wanted)
        },
      ),
      { numRuns: bounded(20, 80) },
    )
  })

  it('are refused where windows take back what they gave, for they may know more by then', () => {
    const stream = pipeline(events).eventTime('time').keyBy('key')
    for (const window of [
      tumbling(10, { firing: 'retracting', allowedLateness: 10 }),
      hopping(10, 5, { firing: 'retracting' }),
      session(10, { firing: 'retracting', emit: 'onUpdate' }),
      calendar('day', { zone: 'UTC', firing: 'retracting', early: { rows: 2 } }),
    ]) {
      const over = stream.window(window as ReturnType<typeof tumbling>)
      expect(() => over.aggregate(e => ({ low: minForever(e.value) }))).toThrow(refused)
      expect(() => over.aggregate(e => ({ span: maxForever(e.value).sub(min(e.value)) }))).toThrow(
        /can't be taken back/,
      )
      expect(() => over.aggregate(e => ({ low: min(e.value) }))).not.toThrow()
    }
    const { plan } = stream.window(tumbling(10)).aggregate(e => ({ low: minForever(e.value) }))
    const changed = JSON.parse(JSON.stringify(plan))
    const node = changed.nodes.find(({ op }: { op: string }) => op === 'windowAggregate')
    node.window.firing = 'retracting'
    expect(() => pipelineFromJSON(JSON.stringify(changed))).toThrow(refused)
  })

  it.each(ENGINES)('are taken back as they were in a global window, of which each key has one, on %s', async engine => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(everyRows(1), everyRows(3), everyInterval(10)),
        steps,
        sizes,
        async (trigger, raw, size) => {
          const input = rowsOf({ spec: tumbling(1), from: -60, unitMs: 1 }, raw)
          const spec = globalWindow({ trigger, firing: 'retracting' })
          const { plan } = pipeline(events)
            .eventTime('time')
            .keyBy('key')
            .window(spec)
            .aggregate(e => ({ n: count(), lowest: minForever(e.value), highest: maxForever(e.value) }))
          const wanted = globalWindowModel(spec, input, 0).map(({ windowTime, key, n, values, isRetraction }) => ({
            windowTime,
            key,
            n,
            lowest: Math.min(...values),
            highest: Math.max(...values),
            isRetraction,
          }))
          expect(await found(plan, input, manner(engine, size))).toEqual(wanted)
        },
      ),
      { numRuns: bounded(15, 60) },
    )
  })
})
