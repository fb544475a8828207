import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, sum } from '../../src/expression/aggregates.ts'
import { collect } from '../../src/expression/choice-aggregates.ts'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import type { AlignedSpec } from '../../src/time/aligned-windows.ts'
import { calendar } from '../../src/time/calendar-windows.ts'
import type { Early } from '../../src/time/early.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { checkWindow, cumulate, hopping, tumbling } from '../../src/time/windows.ts'
import { earlyWindowsModel } from './early-windows-model.ts'
import { ENGINES, manner, runPlanRows } from './run-plan-rows.ts'
import { wander, wanderingStep } from './wandering-time.ts'

const events = schema({ time: timestamp(), key: utf8(), value: f64() })
const refused = (code: string) => expect.objectContaining({ code })

const windows = fc
  .record({
    kind: fc.constantFrom('tumbling', 'hopping', 'sampling', 'cumulate'),
    early: fc.constantFrom<Early>({ rows: 1 }, { rows: 3 }, { everyEventTime: 4 }, { everyEventTime: 25 }),
    allowedLateness: fc.constantFrom(0, 8, 40),
    firing: fc.constantFrom('accumulating', 'discarding', 'retracting'),
  })
  .map(({ kind, ...options }): AlignedSpec => {
    // With the offset some last milliseconds are multiples of an interval, too.
    if (kind === 'tumbling') return tumbling(20, { offset: 1, ...options })
    if (kind === 'hopping') return hopping(25, 10, options)
    if (kind === 'sampling') return hopping(5, 15, { sampling: true, ...options })
    return cumulate(10, 30, { offset: -9, ...options })
  })
const rows = fc
  .array(
    fc.record({
      step: wanderingStep,
      key: fc.constantFrom('a', 'b', 'c'),
      value: fc.integer({ min: -9, max: 9 }),
    }),
    { maxLength: 80, size: 'max' },
  )
  .map(given => wander(-60, given))

const build = (spec: AlignedSpec, outOfOrdernessMs = 0) =>
  pipeline(events)
    .eventTime('time', { outOfOrdernessMs })
    .keyBy('key')
    .window(spec)
    .aggregate(e => ({ n: count(), total: sum(e.value) }))

describe('windows with early firings', () => {
  it.each(ENGINES)(
    'give what changed when they are to, and at their end, whatever the batches, on %s',
    async engine => {
      await fc.assert(
        fc.asyncProperty(
          windows,
          rows,
          fc.constantFrom(0, 6, 50),
          fc.constantFrom(1, 3, 64, 4096),
          fc.boolean(),
          async (spec, input, disorder, size, stalls) => {
            const found = await runPlanRows(build(spec, disorder).plan, input, manner(engine, size, stalls))
            if ('code' in found) expect.fail(found.code)
            const { rows, late } = earlyWindowsModel(spec, input, disorder)
            expect({ rows: found.rows.map(row => ({ ...row, n: Number(row.n) })), late: found.late }).toEqual({
              rows,
              late,
            })
          },
        ),
        { numRuns: 100 },
      )
    },
  )

  it('leave the windows behind them the same rows and late rows whatever the batches', async () => {
    await fc.assert(
      fc.asyncProperty(windows, rows, fc.constantFrom(0, 6, 50), async (spec, input, disorder) => {
        const { plan } = build(spec, disorder)
          .window(tumbling(50))
          .aggregate(e => ({ results: count(), rows: sum(e.n) }))
        const whole = await runPlanRows(plan, input, manner('js', 4096))
        for (const engine of ENGINES)
          for (const size of [1, 7]) expect(await runPlanRows(plan, input, manner(engine, size))).toEqual(whole)
      }),
      { numRuns: 40 },
    )
  })

  it('take lists back that stand beside their records', async () => {
    const { plan } = pipeline(events)
      .eventTime('time')
      .window(tumbling(100, { early: { rows: 2 }, firing: 'retracting' }))
      .aggregate(e => ({ values: collect(e.value, { max: 10 }) }))
    const input = [1, 2, 3, 4, 5].map(value => ({ time: value, key: 'a', value }))
    for (const engine of ENGINES) {
      const found = await runPlanRows(plan, input, manner(engine, 16))
      if ('code' in found) expect.fail(found.code)
      expect(found.rows.map(({ values, isRetraction }) => [values, isRetraction])).toEqual([
        [[1, 2], false],
        [[1, 2], true],
        [[1, 2, 3, 4], false],
        [[1, 2, 3, 4], true],
        [[1, 2, 3, 4, 5], false],
      ])
    }
  })

  it('give results by the clock between batches, and none that says nothing new', async () => {
    const clock = new VirtualClock(500)
    const found: unknown[] = []
    const job = await pipeline(events)
      .eventTime('time')
      .keyBy('key')
      .window(calendar('day', { zone: 'UTC', early: { every: '1s' } }))
      .aggregate(e => ({ total: sum(e.value) }))
      .run({ clock, sink: ({ key, total }) => void found.push([key, total]) })
    const push = async (key: string, value: number) => {
      job.push({ time: 10, key, value })
      await clock.advance(1)
    }
    await push('a', 1)
    await push('b', 2)
    await clock.advance(497)
    expect(found).toEqual([])
    await clock.advance(1)
    expect(found.splice(0)).toEqual([
      ['a', 1],
      ['b', 2],
    ])
    await push('b', 3)
    await clock.advance(60_000)
    expect(found.splice(0)).toEqual([['b', 5]])
    await push('a', 4)
    await job.drain()
    expect(found).toEqual([['a', 5]])
  })

  it('are data, checked, and told in words', () => {
    const stream = build(tumbling('1m', { early: { every: '5s' }, firing: 'discarding' }))
    expect(pipelineFromJSON(JSON.stringify(stream)).plan).toEqual(stream.plan)
    expect(stream.explain()).toContain('tumbling 1m, early every 5s of the clock, discarding by key')
    expect(stream.explain()).toMatch(/state: \d+ bytes per key and open window/)
    expect(build(hopping(2, 1, { early: { rows: 9 } })).explain()).toContain('early every 9 rows')
    for (const early of [{}, { rows: 0 }, { rows: 1, every: 5 }, { every: 0 }, { every: '-1s' }, null, 'often'])
      expect(() => tumbling(1, { early: early as never })).toThrow(refused('OPTION_INVALID'))
    expect(() => tumbling(1, { early: { rows: 1 }, emit: 'onUpdate' })).toThrow(refused('OPTION_INVALID'))
    for (const early of [
      null,
      1,
      { kind: 'delta', column: 'a', threshold: 1 },
      { kind: 'own', definition: { onRow: () => 'fire' } },
    ])
      expect(() => checkWindow({ kind: 'tumbling', sizeMs: 1, offsetMs: 0, early })).toThrow(refused('OPTION_INVALID'))
  })
})
