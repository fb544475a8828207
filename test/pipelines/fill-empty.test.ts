import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, max, sum } from '../../src/expression/aggregates.ts'
import { minForever } from '../../src/expression/choice-aggregates.ts'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import type { Pipeline } from '../../src/pipeline.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { calendar } from '../../src/time/calendar-windows.ts'
import { checkWindow, cumulate, hopping, tumbling } from '../../src/time/windows.ts'
import type { Row } from '../plan/scalar-interpreter.ts'
import { ENGINES, type Manner, runPlanRows } from './run-plan-rows.ts'

const events = schema({ time: timestamp(), key: utf8().nullable(), value: f64() })
const refused = (code: string) => expect.objectContaining({ code })

const windows = fc
  .tuple(fc.constantFrom('tumbling', 'hopping', 'cumulate'), fc.constantFrom(1, 2, 5, 1_000), fc.constantFrom(0, 30))
  .map(([kind, limit, allowedLateness]) => {
    const options = { fillEmpty: { limit }, allowedLateness } as const
    const plain = { allowedLateness } as const
    if (kind === 'tumbling') return [tumbling(10, options), tumbling(10, plain), 10] as const
    if (kind === 'hopping') return [hopping(25, 10, options), hopping(25, 10, plain), 10] as const
    return [cumulate(10, 40, options), cumulate(10, 40, plain), 10] as const
  })
const rows = fc
  .array(
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
  .map(given => {
    let time = -70
    return given.map(({ step, ...row }): Row => {
      time += step
      return { time, ...row }
    })
  })

const manner = (engine: Manner['engine'], maxBatch: number, stalls = false): Manner => ({
  engine,
  maxBatch,
  bufferSize: 65_536,
  way: 'pushMany',
  blockRows: 1_000,
  stalls,
})

const rowsOf = async ({ plan }: Pipeline, input: readonly Row[], how: Manner): Promise<Row[]> => {
  const found = await runPlanRows(plan, input, how)
  if ('code' in found) expect.fail(found.code)
  return found.rows.map(row => ({ ...row, n: Number(row.n) }))
}

/** What is between the results of a key is filled, from its last window on, where it isn't longer than the limit. */
function filled(results: readonly Row[], period: number, limit: number, boundsOf: (end: number) => number): Row[] {
  const last = new Map<unknown, number>()
  let latest = Number.NEGATIVE_INFINITY
  return results.flatMap(row => {
    const end = row.windowEnd as number
    const before = last.get(row.key)
    const gap = before === undefined ? 0 : (end - before) / period - 1
    const isForgotten = before !== undefined && (latest - before) / period - 1 > limit
    if (before === undefined || end > before || isForgotten) last.set(row.key, end)
    latest = Math.max(latest, end)
    if (before === undefined || gap < 1 || gap > limit || isForgotten) return [row]
    const empty = Array.from({ length: gap }, (_, i): Row => {
      const windowEnd = before + (i + 1) * period
      return { windowStart: boundsOf(windowEnd), windowEnd, key: row.key!, n: 0, total: null, high: null }
    })
    return [...empty, row]
  })
}

const build = (window: ReturnType<typeof tumbling>) =>
  pipeline(events)
    .eventTime('time', { outOfOrdernessMs: 5 })
    .keyBy('key')
    .window(window)
    .aggregate(e => ({ n: count(), total: sum(e.value), high: max(e.value) }))

describe('windows that fill gaps', () => {
  it.each(ENGINES)('give rows of nothing between those of a key, whatever the batches, on %s', async engine => {
    await fc.assert(
      fc.asyncProperty(windows, rows, fc.constantFrom(1, 3, 64), fc.boolean(), async (each, input, size, stalls) => {
        const [filling, plain, period] = each
        const results = await rowsOf(build(plain as never) as never, input, manner('js', 4096))
        const startOf = (end: number): number => {
          if (filling.kind === 'tumbling') return end - 10
          if (filling.kind === 'hopping') return end - 25
          return Math.floor((end - 1) / 40) * 40
        }
        const expected = filled(results, period, filling.fillEmpty, startOf)
        expect(await rowsOf(build(filling as never) as never, input, manner(engine, size, stalls))).toEqual(expected)
      }),
      { numRuns: 80 },
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
    const stream = build(spec)
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
