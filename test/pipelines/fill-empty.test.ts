import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, max, sum } from '../../src/expression/aggregates.ts'
import { minForever } from '../../src/expression/choice-aggregates.ts'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import type { Pipeline } from '../../src/pipeline.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import type { AlignedSpec } from '../../src/time/aligned-windows.ts'
import { calendar } from '../../src/time/calendar-windows.ts'
import { checkWindow, cumulate, hopping, tumbling, type WindowSpec } from '../../src/time/windows.ts'
import { bounded } from '../bounded.ts'
import { type Bounds, windowsOf } from '../plan/aligned-windows-interpreter.ts'
import type { Row } from '../plan/scalar-interpreter.ts'
import { ENGINES, type Manner, manner, runPlanRows } from './run-plan-rows.ts'
import { wander } from './wandering-time.ts'

const events = schema({ time: timestamp(), key: utf8().nullable(), value: f64() })
const refused = (code: string) => expect.objectContaining({ code })

/** A window that fills gaps, the same that doesn't, and how long the unit is its rows' times are counted in. */
interface Filling {
  readonly filling: WindowSpec & { readonly fillEmpty: number }
  readonly plain: WindowSpec
  readonly unitMs: number
}

const HOUR_MS = 3_600_000
const windows = fc
  .tuple(
    fc.constantFrom('tumbling', 'hopping', 'cumulate', 'day', 'month'),
    fc.constantFrom(1, 2, 5, 1_000),
    fc.constantFrom(0, 30),
    fc.constantFrom('Europe/Berlin', 'America/Sao_Paulo', 'Australia/Lord_Howe'),
  )
  .map(([kind, limit, lateness, zone]): Filling => {
    const isCalendar = kind === 'day' || kind === 'month'
    const unitMs = kind === 'day' ? 2 * HOUR_MS : kind === 'month' ? 60 * HOUR_MS : 1
    const late = { allowedLateness: lateness * unitMs }
    const built = (options: { fillEmpty?: { limit: number } }): WindowSpec => {
      if (isCalendar) return calendar(kind, { zone, ...late, ...options })
      if (kind === 'tumbling') return tumbling(10, { ...late, ...options, offset: 3 })
      return kind === 'hopping' ? hopping(25, 10, { ...late, ...options }) : cumulate(10, 40, { ...late, ...options })
    }
    return { filling: built({ fillEmpty: { limit } }) as Filling['filling'], plain: built({}), unitMs }
  })
const steps = fc.array(
  fc.record({
    step: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: -5, max: 12 }) },
      { weight: 2, arbitrary: fc.integer({ min: 20, max: 90 }) },
    ),
    key: fc.constantFrom('a', 'b', null),
    value: fc.integer({ min: -9, max: 9 }),
  }),
  { maxLength: 60, size: 'max' },
)
/** Before clocks change in Brazil, at midnight, and after they did elsewhere. */
const BEGIN = Date.UTC(2017, 9, 12)

function rowsOf({ unitMs }: Filling, given: readonly { step: number; key: string | null; value: number }[]): Row[] {
  return wander(unitMs === 1 ? -70 : BEGIN, given, unitMs)
}

const resultsOf = async ({ plan }: Pipeline, input: readonly Row[], how: Manner): Promise<Row[]> => {
  const found = await runPlanRows(plan, input, how)
  if ('code' in found) expect.fail(found.code)
  return found.rows.map(row => ({ ...row, n: Number(row.n) }))
}

/** The window behind another one, of all there could be. */
function windowBehind(spec: WindowSpec, { end }: Bounds): Bounds {
  // Windows of a kind have ends of their own, so the next is the first that ends later.
  const stepMs = spec.kind === 'calendar' ? HOUR_MS / 2 : 1
  for (let time = end - (spec.kind === 'hopping' ? spec.sizeMs : 1); ; time += stepMs) {
    const later = windowsOf(spec as AlignedSpec, time).find(each => each.end > end)
    if (later !== undefined) return later
  }
}

/** The windows between two: those behind the first, up to the second; no more than a few over the limit. */
function between(spec: WindowSpec, first: Bounds, end: number, limit: number): Bounds[] {
  const found: Bounds[] = []
  for (let at = windowBehind(spec, first); at.end < end && found.length <= limit; at = windowBehind(spec, at))
    found.push(at)
  return found
}

/** What is between the results of a key is filled, from its last window on, where it isn't longer than the limit. */
function filled(spec: WindowSpec, results: readonly Row[], limit: number): Row[] {
  const last = new Map<unknown, Bounds>()
  let latest: Bounds | undefined
  const gapTo = (from: Bounds, to: number) => (to <= from.end ? [] : between(spec, from, to, limit))
  return results.flatMap(row => {
    const bounds = { start: row.windowStart as number, end: row.windowEnd as number }
    const before = last.get(row.key)
    const gap = before === undefined ? [] : gapTo(before, bounds.end)
    const isForgotten = before !== undefined && latest !== undefined && gapTo(before, latest.end).length > limit
    if (before === undefined || bounds.end > before.end || isForgotten) last.set(row.key, bounds)
    if (latest === undefined || bounds.end > latest.end) latest = bounds
    if (gap.length > limit || isForgotten) return [row]
    const nothing = { n: 0, total: null, high: null }
    const keys = 'key' in row ? { key: row.key! } : {}
    return [...gap.map(({ start, end }): Row => ({ windowStart: start, windowEnd: end, ...keys, ...nothing })), row]
  })
}

const build = (window: WindowSpec, unitMs: number, isKeyed: boolean): Pipeline => {
  const timed = pipeline(events).eventTime('time', { outOfOrdernessMs: 5 * unitMs })
  const aggregated = (over: typeof timed) =>
    over
      .window(window as ReturnType<typeof tumbling>)
      .aggregate(e => ({ n: count(), total: sum(e.value), high: max(e.value) }))
  return aggregated(isKeyed ? (timed.keyBy('key') as never) : timed) as never
}

describe('windows that fill gaps', () => {
  it.each(ENGINES)('give rows of nothing between those of a key, whatever the batches, on %s', async engine => {
    await fc.assert(
      fc.asyncProperty(
        windows,
        steps,
        fc.constantFrom(1, 3, 64),
        fc.boolean(),
        fc.boolean(),
        async (given, raw, size, stalls, isKeyed) => {
          const { filling, plain, unitMs } = given
          const input = rowsOf(given, raw)
          const results = await resultsOf(build(plain, unitMs, isKeyed), input, manner('js', 4096))
          const expected = filled(plain, results, filling.fillEmpty)
          expect(await resultsOf(build(filling, unitMs, isKeyed), input, manner(engine, size, stalls))).toEqual(
            expected,
          )
        },
      ),
      { numRuns: bounded(25, 80) },
    )
  })

  it('fill without a key too, and leave a gap that is longer than the limit as it is', async () => {
    const { plan } = pipeline(events)
      .eventTime('time')
      .window(tumbling(10, { fillEmpty: { limit: 3 } }))
      .aggregate(e => ({ n: count(), total: sum(e.value) }))
    const input = [5, 45, 95, 9e15].map((time, i) => ({ time, key: null, value: i }))
    for (const engine of ENGINES) {
      const found = await runPlanRows(plan, input, manner(engine, 2))
      if ('code' in found) expect.fail(found.code)
      expect(found.rows.map(({ windowStart, n, total }) => [windowStart, Number(n), total])).toEqual([
        [0, 1, 0],
        [10, 0, null],
        [20, 0, null],
        [30, 0, null],
        [40, 1, 1],
        [90, 1, 2],
        [9e15, 1, 3],
      ])
    }
  })

  it('fill the days of a zone, and not the one it left out', async () => {
    const day = (date: string) => Date.parse(`${date}T12:00:00-10:00`)
    const { plan } = pipeline(events)
      .eventTime('time')
      .window(calendar('day', { zone: 'Pacific/Apia', fillEmpty: true }))
      .aggregate(() => ({ n: count() }))
    const input = [day('2011-12-27'), Date.parse('2012-01-02T12:00:00+14:00')].map(time => ({
      time,
      key: 'a',
      value: 1,
    }))
    const found = await runPlanRows(plan, input, manner('wasm', 16))
    if ('code' in found) expect.fail(found.code)
    const hours = found.rows.map(({ windowStart, windowEnd }) => (Number(windowEnd) - Number(windowStart)) / 3_600_000)
    expect(found.rows.map(({ n }) => Number(n))).toEqual([1, 0, 0, 0, 0, 1])
    expect(hours).toEqual([24, 24, 24, 24, 24, 24])
  })

  it.each([
    // The zone left out 2011-12-30: from the 27th to the 2nd there are four days between.
    ['Pacific/Apia', '2011-12-27T12:00-10:00', '2012-01-02T12:00+14:00', 4],
    ['Pacific/Apia', '2011-12-29T12:00-10:00', '2012-01-01T12:00+14:00', 1],
    // Nothing is left out where clocks change.
    ['Europe/Berlin', '2024-03-28T12:00+01:00', '2024-04-02T12:00+02:00', 4],
    ['Europe/Berlin', '2024-10-25T12:00+02:00', '2024-10-30T12:00+01:00', 4],
    ['UTC', '2024-01-01T12:00Z', '2024-01-06T12:00Z', 4],
  ] as const)(
    'fill a gap of as many days as the limit, and no more: %s, from %s to %s',
    async (zone, from, to, days) => {
      for (const [limit, filled] of [
        [days, days],
        [days - 1, 0],
      ] as const) {
        if (limit === 0) continue
        const { plan } = pipeline(events)
          .eventTime('time')
          .window(calendar('day', { zone, fillEmpty: { limit } }))
          .aggregate(() => ({ n: count() }))
        const input = [from, to].map(date => ({ time: Date.parse(date), key: 'a', value: 1 }))
        const found = await runPlanRows(plan, input, manner('wasm', 16))
        if ('code' in found) expect.fail(found.code)
        expect(found.rows.filter(({ n }) => Number(n) === 0)).toHaveLength(filled)
      }
    },
  )

  it('forget keys whose gap would be too long, so that new ones find room', async () => {
    const stream = pipeline(events, { maxKeys: 50, maxBatch: 16, bufferSize: 64 })
      .eventTime('time')
      .keyBy('time')
      .window(tumbling(10, { fillEmpty: { limit: 4 } }))
      .aggregate(() => ({ n: count() }))
    let seen = 0
    const job = await stream.run({ sink: () => void seen++ })
    for (let time = 0; time < 10_000; time += 5) {
      const result = job.push({ time, value: 1 })
      if (result instanceof Promise) await result
    }
    await job.drain()
    expect(seen).toBe(2_000)
  })

  it('are data like others, checked', () => {
    const spec = tumbling('1m', { fillEmpty: true })
    expect(spec).toEqual({ kind: 'tumbling', sizeMs: 60_000, offsetMs: 0, fillEmpty: 1_000 })
    const stream = build(spec, 1, true)
    expect(pipelineFromJSON(JSON.stringify(stream)).plan).toEqual(stream.plan)
    expect(tumbling(1, { fillEmpty: false })).toEqual(tumbling(1))
    expect(stream.explain()).toContain('tumbling 1m, gaps filled up to 1000 windows')
    expect(stream.explain()).toContain('16 bytes per key that had rows in the last 1000 windows')
    for (const fillEmpty of [0, -1, 1.5, 1e7, '1', null, true])
      expect(() => checkWindow({ ...spec, fillEmpty })).toThrow(refused('OPTION_INVALID'))
    expect(() => tumbling(1, { fillEmpty: {} as { limit: number }, firing: 'retracting' })).toThrow(
      refused('OPTION_INVALID'),
    )
    expect(() => tumbling(1, { fillEmpty: true, firing: 'retracting' })).toThrow(refused('OPTION_INVALID'))
    const forever = () =>
      pipeline(events)
        .eventTime('time')
        .window(tumbling(1, { fillEmpty: true }))
        .aggregate(e => ({ least: minForever(e.value) }))
    expect(forever).toThrow(refused('PLAN_INVALID'))
  })
})
