import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, last, sum } from '../../src/expression/aggregates.ts'
import { rate } from '../../src/expression/change-aggregates.ts'
import { collect } from '../../src/expression/choice-aggregates.ts'
import { distinctCount, median } from '../../src/expression/distribution-aggregates.ts'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import type { Pipeline } from '../../src/pipeline.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { type GlobalOptions, globalWindow } from '../../src/time/global-windows.ts'
import { everyInterval, everyRows, onDelta, type Trigger } from '../../src/time/triggers.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { tumbling } from '../../src/time/windows.ts'
import type { Row } from '../plan/scalar-interpreter.ts'
import { type GivenRow, globalWindowModel } from './global-window-model.ts'
import { ENGINES, type Manner, manner, runPlanRows } from './run-plan-rows.ts'
import { wander } from './wandering-time.ts'

const events = schema({ time: timestamp(), key: utf8(), value: f64().nullable() })

/** Fires on rows of a large value, empties on -9, and after a pause asks to be woken. */
const own: Trigger<{ seen: number }, GivenRow> = {
  create: () => ({ seen: 0 }),
  onRow(state, { value }, time) {
    state.seen++
    if (state.seen % 3 === 0) time.wakeAt(time.rowTime + 7)
    if (value === null) return 'continue'
    return value > 6 ? 'fire' : value === -9 ? 'purge' : value < -7 ? 'fireAndPurge' : 'continue'
  },
  onTime: (state, atMs) => (atMs % 3 === 0 ? 'fireAndPurge' : state.seen % 2 === 0 ? 'fire' : 'continue'),
}

/** Wakes every ten milliseconds or so, keys at the same instants, for as long as anything new has come. */
const everyTen: Trigger<{ isNew: boolean; asked: number }, GivenRow> = {
  create: () => ({ isNew: false, asked: 0 }),
  onRow(state, _, { rowTime, wakeAt }) {
    state.isNew = true
    wakeAt(Math.floor(rowTime / 10) * 10 + (state.asked++ % 2 === 0 ? 20 : 10))
    return 'continue'
  },
  onTime(state, atMs, { wakeAt }) {
    const { isNew } = state
    state.isNew = false
    if (isNew) wakeAt(atMs + 10)
    return isNew ? 'fire' : 'purge'
  },
}

const triggers = fc.oneof(
  fc.integer({ min: 1, max: 5 }).map(n => everyRows(n)),
  fc.constantFrom(1, 10, 40).map(ms => everyInterval(ms)),
  fc.integer({ min: 0, max: 9 }).map(threshold => onDelta('value', threshold)),
  fc.constantFrom<GlobalOptions['trigger']>(own, everyTen),
)
const given = fc.record({
  options: fc.record(
    {
      trigger: triggers,
      firing: fc.constantFrom('accumulating', 'discarding', 'retracting'),
      fireAtEnd: fc.boolean(),
    },
    { requiredKeys: ['trigger'] },
  ) as fc.Arbitrary<GlobalOptions>,
  outOfOrdernessMs: fc.constantFrom(0, 5, 60),
  rows: fc
    .array(
      fc.record({
        step: fc.oneof(
          { weight: 8, arbitrary: fc.integer({ min: -3, max: 6 }) },
          { weight: 1, arbitrary: fc.integer({ min: -40, max: 90 }) },
        ),
        key: fc.constantFrom('a', 'b', 'c', 'd'),
        value: fc.option(fc.integer({ min: -9, max: 9 }), { nil: null }),
      }),
      { maxLength: 100, size: 'max' },
    )
    .map((rows): GivenRow[] => wander(-50, rows)),
})

const keyed = (options: GlobalOptions, outOfOrdernessMs: number) =>
  pipeline(events)
    .eventTime('time', { outOfOrdernessMs })
    .keyBy('key')
    .window(globalWindow(options))
    .aggregate(e => ({ n: count(), total: sum(e.value), values: collect(e.value, { max: 1_000 }) }))

const rowsOf = async (stream: Pipeline, rows: readonly GivenRow[], how: Manner): Promise<Row[]> => {
  const found = await runPlanRows(stream.plan, rows as unknown as Row[], how)
  if ('code' in found) expect.fail(found.code)
  expect(found.late).toBe(0)
  return found.rows
}

describe('a global window', () => {
  it.each(ENGINES)('gives what its trigger says, row by row, whatever the batches, on %s', async engine => {
    await fc.assert(
      fc.asyncProperty(given, fc.constantFrom(1, 7, 64, 4096), fc.boolean(), async (each, size, stalls) => {
        const { options, outOfOrdernessMs, rows } = each
        const spec = globalWindow(options)
        const found = await rowsOf(keyed(options, outOfOrdernessMs) as never, rows, manner(engine, size, stalls))
        expect(found.map(row => ({ ...row, n: Number(row.n) }))).toEqual(
          globalWindowModel(spec, rows, outOfOrdernessMs),
        )
        const single = pipeline(events)
          .eventTime('time', { outOfOrdernessMs })
          .window(globalWindow(options))
          .aggregate(e => ({ n: count(), total: sum(e.value) }))
        const all = rows.map(row => ({ ...row, key: '' }))
        expect(
          (await rowsOf(single as never, all, manner(engine, size))).map(row => ({ ...row, n: Number(row.n) })),
        ).toEqual(globalWindowModel(spec, all, outOfOrdernessMs).map(({ key: _, values: __, ...row }) => row))
      }),
      { numRuns: 70 },
    )
  })

  it('leaves the windows behind it the same rows and late rows whatever the batches', async () => {
    const behind = ({ options, outOfOrdernessMs }: { options: GlobalOptions; outOfOrdernessMs: number }) =>
      pipeline(events)
        .eventTime('time', { outOfOrdernessMs })
        .keyBy('key')
        .window(globalWindow(options))
        .aggregate(e => ({ n: count(), total: sum(e.value) }))
        .window(tumbling(20))
        .aggregate(e => ({ results: count(), total: sum(e.total) }))
    await fc.assert(
      fc.asyncProperty(given, async each => {
        const { plan } = behind(each)
        const whole = await runPlanRows(plan, each.rows as unknown as Row[], manner('js', 4096))
        for (const engine of ENGINES)
          for (const size of [1, 7])
            expect(await runPlanRows(plan, each.rows as unknown as Row[], manner(engine, size))).toEqual(whole)
      }),
      { numRuns: 25 },
    )
  })

  it('has conditions on its results, which let what is taken back through where they let through what was given', async () => {
    const options = { trigger: everyRows(2), firing: 'retracting', fireAtEnd: true } as const
    await fc.assert(
      fc.asyncProperty(given, fc.constantFrom(1, 64), async ({ rows }, size) => {
        const over = (stream: ReturnType<typeof keyed>) => stream.filter(r => r.total.gt(0))
        const found = await rowsOf(over(keyed(options, 0)) as never, rows, manner('wasm', size))
        const all = globalWindowModel(globalWindow(options), rows, 0)
        expect(found.map(row => ({ ...row, n: Number(row.n) }))).toEqual(all.filter(row => (row.total ?? 0) > 0))
        const alone = pipeline(events)
          .eventTime('time')
          .window(globalWindow(options))
          .aggregate(e => ({ total: sum(e.value) }))
          .filter(r => r.total.gt(0))
        const single = rows.map(row => ({ ...row, key: '' }))
        expect((await rowsOf(alone as never, single, manner('js', size))).map(({ total }) => total)).toEqual(
          globalWindowModel(globalWindow(options), single, 0).flatMap(({ total }) => ((total ?? 0) > 0 ? [total] : [])),
        )
      }),
      { numRuns: 30 },
    )
  })

  it('fires by the clock at multiples of the interval, and only keys that took rows in since', async () => {
    const clock = new VirtualClock(1_500)
    const found: unknown[] = []
    const job = await pipeline(events)
      .eventTime('time')
      .keyBy('key')
      .window(globalWindow({ trigger: everyInterval('1s', { by: 'clock' }) }))
      .aggregate(e => ({ value: last(e.value) }))
      .run({ clock, sink: row => void found.push(Object.values(row)) })
    const row = (key: string, value: number) => job.push({ time: 7, key, value })
    row('a', 1)
    row('b', 2)
    await clock.advance(499)
    expect(found).toEqual([])
    await clock.advance(1)
    expect(found.splice(0)).toEqual([
      [2_000, 'a', 1],
      [2_000, 'b', 2],
    ])
    row('b', 3)
    await clock.advance(1)
    await clock.advance(5_000)
    expect(found.splice(0)).toEqual([[3_000, 'b', 3]])
    row('a', 4)
    await job.drain()
    expect(found).toEqual([])
  })

  it('needs no more keys than it holds rows of when it is purged, and remembers all of them when it is not', async () => {
    const run = (options: GlobalOptions) => {
      const rows = Array.from({ length: 1_000 }, (_, i) => ({ time: i, key: `k${i}`, value: 1 }))
      return (async () => {
        let out = 0
        const job = await pipeline(events, { maxKeys: 64, maxBatch: 16, bufferSize: 64 })
          .eventTime('time')
          .keyBy('key', 'value')
          .window(globalWindow(options))
          .aggregate(() => ({ n: count() }))
          .run({ sink: () => void out++ })
        for (const row of rows) {
          const result = job.push(row)
          if (result instanceof Promise) await result
        }
        await job.drain()
        return out
      })()
    }
    expect(await run({ trigger: everyRows(1), purge: true })).toBe(1_000)
    await expect(run({ trigger: everyRows(1) })).rejects.toThrow(expect.objectContaining({ code: 'STATE_FULL' }))
  })
})

describe('what a global window is made of', () => {
  const build = (options: GlobalOptions) => keyed(options, 0)
  const refused = (code: string) => expect.objectContaining({ code })

  it('has a trigger, and options in their ranges', () => {
    expect(() => globalWindow({} as GlobalOptions)).toThrow(refused('OPTION_INVALID'))
    expect(() => globalWindow({ trigger: {} as never })).toThrow(refused('OPTION_INVALID'))
    expect(() => globalWindow({ trigger: { onRow: () => 'fire', onTime: 3 as never } })).toThrow(
      refused('OPTION_INVALID'),
    )
    for (const n of [0, -1, 1.5, Number.NaN, 2 ** 32]) expect(() => everyRows(n)).toThrow(refused('OPTION_INVALID'))
    for (const span of [0, -1, '0s'] as const) expect(() => everyInterval(span)).toThrow(refused('OPTION_INVALID'))
    expect(() => everyInterval(1, { by: 'row' as 'clock' })).toThrow(refused('OPTION_INVALID'))
    for (const far of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => onDelta('value', far)).toThrow(refused('OPTION_INVALID'))
    expect(() => globalWindow({ trigger: everyRows(1), purge: 1 as never })).toThrow(refused('OPTION_INVALID'))
    expect(() => globalWindow({ trigger: everyRows(1), firing: 'twice' as never })).toThrow(refused('OPTION_INVALID'))
    for (const firing of ['accumulating', 'retracting'] as const)
      expect(() => globalWindow({ trigger: everyRows(1), purge: true, firing })).toThrow(refused('OPTION_INVALID'))
    expect(globalWindow({ trigger: everyRows(1), firing: 'discarding' })).toEqual(
      globalWindow({ trigger: everyRows(1), purge: true }),
    )
  })

  it('goes by a column of numbers there is, and has no aggregates by the length of a window', () => {
    expect(() => build({ trigger: onDelta('key', 1) })).toThrow(refused('PLAN_INVALID'))
    expect(() => build({ trigger: onDelta('price', 1) })).toThrow(refused('PLAN_INVALID'))
    const stream = pipeline(events)
      .eventTime('time')
      .window(globalWindow({ trigger: everyRows(1) }))
    expect(() => stream.aggregate(e => ({ perSecond: rate(e.value) }))).toThrow(refused('PLAN_INVALID'))
    expect(() => stream.aggregate(() => ({ windowTime: count() }))).toThrow(refused('PLAN_INVALID'))
    expect(stream.aggregate(() => ({ windowEnd: count() })).outputSchema.fields.map(({ name }) => name)).toEqual([
      'windowTime',
      'windowEnd',
    ])
  })

  it('comes back from JSON, unless its trigger is of functions', () => {
    for (const trigger of [everyRows(2), everyInterval('5s', { by: 'clock' }), onDelta('value', 0.5)]) {
      const stream = build({ trigger, purge: true, fireAtEnd: true })
      expect(pipelineFromJSON(JSON.stringify(stream)).plan).toEqual(stream.plan)
      const retracting = build({ trigger, firing: 'retracting' })
      expect(pipelineFromJSON(JSON.stringify(retracting)).plan).toEqual(retracting.plan)
    }
    const stream = build({ trigger: own })
    expect(() => stream.toJSON()).toThrow(refused('PLAN_INVALID'))
    expect(() => pipelineFromJSON(stream.plan)).toThrow(refused('PLAN_INVALID'))
    const deep = `{"kind":"own","definition":`.repeat(10_000)
    const text = JSON.stringify(build({ trigger: everyRows(1) })).replace(
      /\{"kind":"rows","rows":1\}/,
      `${deep}1${'}'.repeat(10_000)}`,
    )
    expect(() => pipelineFromJSON(text)).toThrow(refused('OPTION_INVALID'))
  })

  it('is no place for what grows for good, unless it is purged or that is said', () => {
    const over = (options: GlobalOptions) => {
      const window = pipeline(events).eventTime('time').keyBy('key').window(globalWindow(options))
      return [
        () => window.aggregate(e => ({ n: distinctCount(e.value) })),
        () => window.aggregate(e => ({ half: median(e.value).mul(2) })),
      ]
    }
    for (const build of over({ trigger: everyRows(2) })) expect(build).toThrow(refused('PLAN_INVALID'))
    for (const bounds of [{ purge: true }, { unbounded: true }])
      for (const build of over({ trigger: everyRows(2), ...bounds })) {
        const stream = build() as Pipeline
        expect(pipelineFromJSON(JSON.stringify(stream)).plan).toEqual(stream.plan)
        expect(stream.explain().includes(', unbounded by key')).toBe('unbounded' in bounds)
      }
    expect(() => globalWindow({ trigger: everyRows(2), unbounded: 'yes' as never })).toThrow(refused('OPTION_INVALID'))
  })

  it('says in explain() when it fires and what bounds its state', () => {
    const text = build({ trigger: everyRows(3), purge: true, fireAtEnd: true }).explain()
    expect(text).toContain('global, every 3 rows, purged, and at the end by key')
    expect(text).toMatch(/countToFire.*resolveOneSlice/)
    expect(text).toMatch(/state: \d+ bytes per key, given up when it fires/)
    const bytes = (stream: Pipeline) => Number(/state: (\d+) bytes per key, kept for good/.exec(stream.explain())![1])
    const retracting = build({ trigger: everyRows(3), firing: 'retracting' })
    expect(retracting.explain()).toContain('global, every 3 rows, retracting by key')
    expect(bytes(retracting as never)).toBe(2 * bytes(build({ trigger: everyRows(3) }) as never))
    expect(build({ trigger: own }).explain()).toContain('in TypeScript: the trigger, row by row')
  })

  it('ends the job where a trigger throws or says what none does', async () => {
    for (const onRow of [
      () => 'never',
      () => {
        throw new Error('no')
      },
    ] as never[]) {
      const { plan } = build({ trigger: { onRow } })
      const rows = [{ time: 1, key: 'a', value: 1 }]
      expect(await runPlanRows(plan, rows, manner('js', 16))).toEqual({ code: 'STAGE_FAILED' })
    }
  })
})
