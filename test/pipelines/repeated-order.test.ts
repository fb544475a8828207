import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, sum } from '../../src/expression/aggregates.ts'
import { asc, desc } from '../../src/expression/ordering.ts'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { verifyPipeline } from '../../src/testing/operator-harness.ts'
import type { AlignedSpec } from '../../src/time/aligned-windows.ts'
import type { Early } from '../../src/time/early.ts'
import { session } from '../../src/time/session-windows.ts'
import { hopping, tumbling } from '../../src/time/windows.ts'
import { bounded } from '../bounded.ts'
import type { Row } from '../plan/scalar-interpreter.ts'
import { earlyWindowsModel } from './early-windows-model.ts'
import { repeatedOrderModel } from './repeated-order-model.ts'
import { ENGINES, type Manner, manner, runPlanRows } from './run-plan-rows.ts'
import { wander, wanderingStep } from './wandering-time.ts'

const events = schema({ time: timestamp(), key: utf8(), value: f64() })
const refused = expect.objectContaining({ code: 'PLAN_INVALID' })

const windows = fc
  .record({
    isHopping: fc.boolean(),
    early: fc.constantFrom<Early>({ rows: 1 }, { rows: 3 }, { everyEventTime: 4 }, { everyEventTime: 25 }),
    allowedLateness: fc.constantFrom(0, 8, 40),
    firing: fc.constantFrom('accumulating', 'discarding', 'retracting'),
  })
  .map(({ isHopping, ...options }): AlignedSpec => (isHopping ? hopping(25, 10, options) : tumbling(20, options)))
const rows = fc
  .array(
    fc.record({
      step: wanderingStep,
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      value: fc.integer({ min: -4, max: 4 }),
    }),
    { maxLength: 80, size: 'max' },
  )
  .map(given => wander(-60, given))

const totals = (spec: AlignedSpec, outOfOrdernessMs = 0) =>
  pipeline(events)
    .eventTime('time', { outOfOrdernessMs })
    .keyBy('key')
    .window(spec)
    .aggregate(e => ({ n: count(), total: sum(e.value) }))

const byTotal = (a: Row, b: Row) => Number(b.total) - Number(a.total)
const readable = (found: readonly Row[]): Row[] => found.map(row => ({ ...row, n: Number(row.n) }))
const rowsOf = async (plan: Parameters<typeof runPlanRows>[0], input: readonly Row[], how: Manner) => {
  const found = await runPlanRows(plan, input, how)
  if ('code' in found) expect.fail(found.code)
  return readable(found.rows)
}

describe('results that windows give again', () => {
  it.each(ENGINES)('have a top n after each firing, whatever the batches, on %s', async engine => {
    await fc.assert(
      fc.asyncProperty(
        windows,
        rows,
        fc.constantFrom(0, 6, 50),
        fc.constantFrom(1, 3, 64, 4096),
        fc.boolean(),
        fc.boolean(),
        async (spec, input, disorder, size, stalls, keepsTies) => {
          const ties = keepsTies ? 'keep' : 'drop'
          const { plan } = totals(spec, disorder).topN(2, r => desc(r.total), { rank: 'place', ties })
          const { firings } = earlyWindowsModel(spec, input, disorder)
          const { firing = 'accumulating' } = spec
          const rules = { firing, compare: byTotal, limit: 2, ties: keepsTies, rank: true }
          expect(await rowsOf(plan, input, manner(engine, size, stalls))).toEqual(
            repeatedOrderModel(firings, rules).flat(),
          )
        },
      ),
      { numRuns: bounded(25, 100) },
    )
  })

  it('are limited, and counted by columns, and may pass conditions that hold for good', async () => {
    await fc.assert(
      fc.asyncProperty(windows, rows, fc.constantFrom(1, 64), async (spec, input, size) => {
        const { firing = 'accumulating' } = spec
        const { firings } = earlyWindowsModel(spec, input, 0)
        const limited = totals(spec)
          .filter(r => r.key.ne('c'))
          .orderBy(r => [asc(r.total), asc(r.key)])
          .limit(2, { offset: 1 })
        const compare = (a: Row, b: Row) => Number(a.total) - Number(b.total) || (a.key! < b.key! ? -1 : 1)
        const known = firings.map(each => each.filter(({ key }) => key !== 'c'))
        expect(await rowsOf(limited.plan, input, manner('wasm', size))).toEqual(
          repeatedOrderModel(known, { firing, compare, limit: 2, offset: 1, rank: false }).flat(),
        )
        const perKey = totals(spec).topN(1, r => desc(r.total), { by: ['key'] })
        expect(await rowsOf(perKey.plan, input, manner('js', size))).toEqual(
          repeatedOrderModel(firings, { firing, compare: byTotal, limit: 1, rank: false, by: 'key' }).flat(),
        )
      }),
      { numRuns: bounded(15, 60) },
    )
  })

  it('may be put in an order twice: each firing gives all of it, or what has changed', async () => {
    await fc.assert(
      fc.asyncProperty(windows, rows, fc.constantFrom(1, 64), async (spec, input, size) => {
        const twice = totals(spec)
          .topN(3, r => desc(r.total))
          .topN(1, r => asc(r.key), { rank: 'place' })
        const { firing = 'accumulating' } = spec
        const { firings } = earlyWindowsModel(spec, input, 0)
        const once = repeatedOrderModel(firings, { firing, compare: byTotal, limit: 3, rank: false })
        const compare = (a: Row, b: Row) => (a.key! < b.key! ? -1 : a.key === b.key ? 0 : 1)
        const then = firing === 'retracting' ? firing : 'discarding'
        expect(await rowsOf(twice.plan, input, manner('wasm', size))).toEqual(
          repeatedOrderModel(once, { firing: then, compare, limit: 1, rank: true }).flat(),
        )
      }),
      { numRuns: bounded(10, 40) },
    )
  })

  it('of late rows and of every update are ranked again', async () => {
    const input = [
      { time: 1, key: 'a', value: 5 },
      { time: 2, key: 'b', value: 3 },
      { time: 12, key: 'a', value: 1 },
      { time: 3, key: 'b', value: 4 },
      { time: 40, key: 'a', value: 1 },
    ]
    const shown = async (spec: AlignedSpec) =>
      (await rowsOf(totals(spec).topN(1, r => desc(r.total)).plan, input, manner('wasm', 2))).map(
        ({ windowStart, key, total, isRetraction }) => [windowStart, key, total, isRetraction],
      )
    const late = { allowedLateness: 10 }
    expect(await shown(tumbling(10, late))).toEqual([
      [0, 'a', 5, undefined],
      [0, 'b', 7, undefined],
      [10, 'a', 1, undefined],
      [40, 'a', 1, undefined],
    ])
    expect(await shown(tumbling(10, { ...late, firing: 'retracting' }))).toEqual([
      [0, 'a', 5, false],
      [0, 'a', 5, true],
      [0, 'b', 7, false],
      [10, 'a', 1, false],
      [40, 'a', 1, false],
    ])
    expect((await shown(tumbling(10, { ...late, emit: 'onUpdate' }))).slice(0, 4)).toEqual([
      [0, 'a', 5, undefined],
      [0, 'a', 5, undefined],
      [10, 'a', 1, undefined],
      [0, 'b', 7, undefined],
    ])
  })

  it('of sessions are ranked among those of the same bounds', async () => {
    const { plan } = pipeline(events)
      .eventTime('time', { outOfOrdernessMs: 1 })
      .keyBy('key')
      .window(session(10, { early: { rows: 2 } }))
      .aggregate(e => ({ total: sum(e.value), n: count() }))
      .topN(1, r => desc(r.total))
    const input = [
      { time: 0, key: 'a', value: 1 },
      { time: 0, key: 'b', value: 2 },
      { time: 5, key: 'a', value: 1 },
      { time: 5, key: 'b', value: 2 },
      { time: 30, key: 'a', value: 1 },
    ]
    expect(
      (await rowsOf(plan, input, manner('js', 64))).map(({ windowEnd, key, total }) => [windowEnd, key, total]),
    ).toEqual([
      [15, 'a', 2],
      [15, 'b', 4],
      [40, 'a', 1],
    ])
  })

  it('can be cut anywhere: a snapshot makes no difference', () => {
    const input = Array.from({ length: 40 }, (_, i) => ({
      time: i * 3 - (i % 5) * 4,
      key: 'abcd'[(i * 7) % 4]!,
      value: (i * 5) % 11,
    }))
    for (const firing of ['accumulating', 'discarding', 'retracting'] as const) {
      const stream = totals(hopping(25, 10, { early: { rows: 2 }, allowedLateness: 20, firing }) as AlignedSpec, 5)
      const top = stream.topN(2, r => desc(r.total), { rank: 'place', by: ['n'] })
      expect(verifyPipeline(top, input, { batchSizes: [1, 7] }).rows.length).toBeGreaterThan(10)
    }
  })

  it('travel as data, and say what bounds their state', () => {
    const top = totals(tumbling('1s', { early: { rows: 2 } })).topN(1, r => desc(r.total))
    expect(pipelineFromJSON(JSON.stringify(top)).plan).toEqual(top.plan)
    expect(top.explain()).toMatch(/every row of a window until its results are final/)
  })

  it('are refused where their order could not be right, with the reason', () => {
    const early = { early: { rows: 2 } } as const
    const stream = totals(tumbling('1s', early))
    const retracting = totals(tumbling('1s', { ...early, firing: 'retracting' }) as AlignedSpec)
    const discarding = totals(tumbling('1s', { ...early, firing: 'discarding' }) as AlignedSpec)
    const sessions = pipeline(events)
      .eventTime('time')
      .keyBy('key')
      .window(session('1s', { ...early, firing: 'retracting' }))
      .aggregate(() => ({ n: count() }))
    expect(() => sessions.orderBy(r => desc(r.n))).toThrow(/bounds may be long past/)
    expect(() => stream.filter(r => r.n.gt(3)).topN(1, r => desc(r.n))).toThrow(/a later result may fail/)
    expect(() => stream.filterRows(() => true).topN(1, r => desc(r.n))).toThrow(/a later result may fail/)
    expect(() => retracting.filterRows(() => true).topN(1, r => desc(r.n))).toThrow(/what takes it back/)
    const bounds = (r: { windowStart: never; windowEnd: never; n: never }) => ({
      windowStart: r.windowStart,
      windowEnd: r.windowEnd,
      n: r.n,
    })
    expect(() => stream.project(bounds as never).topN(1, ((r: { n: never }) => desc(r.n)) as never)).toThrow(
      /keep "key"/,
    )
    expect(() => stream.stage().orderBy(r => desc(r.n))).toThrow(/a stage begins/)
    expect(() => stream.stage().orderBy(r => desc(r.n))).toThrow(refused)
    const plan = { ...stream.orderBy(r => desc(r.n)).plan, stages: [2] }
    expect(() => pipelineFromJSON(plan)).toThrow(/a stage begins/)
    // Here it is right.
    discarding.filter(r => r.n.gt(3)).topN(1, r => desc(r.n))
    retracting.filter(r => r.n.gt(3)).topN(1, r => desc(r.n))
    stream
      .topN(1, r => desc(r.n))
      .filter(r => r.n.gt(3))
      .stage()
  })
})
