import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, sum } from '../../../src/expression/aggregates.ts'
import { pipeline } from '../../../src/packaged.ts'
import { f64, timestamp, utf8 } from '../../../src/schema/data-type.ts'
import { schema } from '../../../src/schema/schema.ts'
import { type SessionOptions, session, slidingPerEvent } from '../../../src/time/session-windows.ts'
import { VirtualClock } from '../../../src/time/virtual-clock.ts'
import { tumbling } from '../../../src/time/windows.ts'
import { bounded } from '../../bounded.ts'
import { runPlanRows } from '../../pipelines/run-plan-rows.ts'
import type { Row } from '../../plan/scalar-interpreter.ts'
import { type EarlySessionRules, modelEarlySessions } from './early-session-model.ts'
import { expectedOutcome, type Manner, runWindow, type WindowRules } from './run-window.ts'
import { modelSessions, type TimedRow } from './session-model.ts'
import { modelSliding } from './sliding-per-event-model.ts'

const manners = fc.record<Manner>({
  engine: fc.constantFrom('wasm', 'js'),
  maxBatch: fc.constantFrom(1, 2, 7, 64, 4096),
  stalls: fc.boolean(),
})

/** Streams that wander forwards, with steps around the gap, equal times, and rows from before. */
const streams = fc
  .record({
    gap: fc.integer({ min: 1, max: 30 }),
    origin: fc.constantFrom(-1_000, 0, 1_700_000_000_000),
    keys: fc.integer({ min: 1, max: 6 }),
    steps: fc.array(
      fc.record({
        step: fc.oneof(
          { weight: 4, arbitrary: fc.integer({ min: 0, max: 3 }) },
          { weight: 2, arbitrary: fc.constantFrom('gap', 'gap+1', 'gap-1') },
          { weight: 1, arbitrary: fc.integer({ min: 0, max: 60 }) },
        ),
        back: fc.oneof(
          { weight: 5, arbitrary: fc.constant(0) },
          { weight: 2, arbitrary: fc.integer({ min: 0, max: 90 }) },
        ),
        key: fc.nat(5),
        value: fc.integer({ min: -50, max: 50 }),
      }),
      { maxLength: 120 },
    ),
  })
  .map(({ gap, origin, keys, steps }) => {
    let now = origin
    const rows = steps.map(({ step, back, key, value }): TimedRow => {
      now += step === 'gap' ? gap : step === 'gap+1' ? gap + 1 : step === 'gap-1' ? gap - 1 : step
      return { time: now - back, key: `k${key % keys}`, value }
    })
    return { gap, rows }
  })

const rules = fc.record({
  touch: fc.constantFrom('merge', 'split'),
  firing: fc.constantFrom('accumulating', 'discarding', 'retracting'),
  onUpdate: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  lateness: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 100 })),
  outOfOrderness: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
  keyed: fc.boolean(),
})

const emitOf = ({ onUpdate }: { onUpdate: boolean }) => (onUpdate ? 'onUpdate' : 'onClose')

describe('session windows', () => {
  it('give what the model gives, in its order, however the rows are batched', async () => {
    let late = 0
    let again = 0
    await fc.assert(
      fc.asyncProperty(streams, rules, manners, async ({ gap, rows: given }, { keyed, ...rest }, manner) => {
        const rows = keyed ? given : given.map(row => ({ ...row, key: 'k' }))
        const model = modelSessions(rows, { gap, ...rest })
        const wanted = expectedOutcome(model, keyed)
        expect(
          await runWindow(
            rows,
            session(gap, { touch: rest.touch, firing: rest.firing, emit: emitOf(rest) }),
            { keyed, ...rest },
            manner,
          ),
        ).toEqual(wanted)
        late += model.late
        if (new Set(model.windows.map(({ key, start }) => `${key} ${start}`)).size < model.windows.length) again++
      }),
      { numRuns: bounded(100, 300) },
    )
    expect(late).toBeGreaterThan(bounded(15, 50))
    expect(again).toBeGreaterThan(bounded(1, 5))
  })
})

describe('session windows with early results', () => {
  const earlies = fc.constantFrom<EarlySessionRules['early']>(
    { rows: 1 },
    { rows: 3 },
    { everyEventTime: 1 },
    { everyEventTime: 10 },
    { everyEventTime: 45 },
  )

  it('give what the model gives, in its order, however the rows are batched', async () => {
    let late = 0
    let takenBack = 0
    await fc.assert(
      fc.asyncProperty(
        streams,
        rules,
        earlies,
        manners,
        async ({ gap, rows: given }, { keyed, ...rest }, early, how) => {
          const rows = keyed ? given : given.map(row => ({ ...row, key: 'k' }))
          const model = modelEarlySessions(rows, { gap, early, ...rest })
          const { touch, firing } = rest
          expect(await runWindow(rows, session(gap, { touch, firing, early }), { keyed, ...rest }, how)).toEqual(
            expectedOutcome(model, keyed),
          )
          late += model.late
          takenBack += model.windows.filter(({ isRetraction }) => isRetraction).length
        },
      ),
      { numRuns: bounded(100, 300) },
    )
    expect(late).toBeGreaterThan(bounded(15, 50))
    expect(takenBack).toBeGreaterThan(bounded(15, 50))
  })

  it('leave the windows behind them the same rows and late rows whatever the batches', async () => {
    const behind = ({ gap }: { gap: number }, early: EarlySessionRules['early'], rest: WindowRules & SessionOptions) =>
      pipeline(schema({ time: timestamp(), key: utf8(), value: f64() }))
        .eventTime('time', { outOfOrdernessMs: rest.outOfOrderness })
        .keyBy('key')
        .window(session(gap, { early, firing: rest.firing!, touch: rest.touch!, allowedLateness: rest.lateness }))
        .aggregate(e => ({ n: count(), total: sum(e.value) }))
        .window(tumbling(20, { allowedLateness: 0 }))
        .aggregate(e => ({ results: count(), rows: sum(e.n), total: sum(e.total) }))
    await fc.assert(
      fc.asyncProperty(streams, rules, earlies, async (stream, rest, early) => {
        const { plan } = behind(stream, early, rest)
        const input = stream.rows as unknown as Row[]
        const run = (engine: 'wasm' | 'js', maxBatch: number) =>
          runPlanRows(plan, input, {
            engine,
            maxBatch,
            bufferSize: 65_536,
            way: 'pushMany',
            blockRows: 1_000,
            stalls: false,
          })
        const whole = await run('js', 4_096)
        for (const engine of ['wasm', 'js'] as const)
          for (const size of [1, 7]) expect(await run(engine, size)).toEqual(whole)
      }),
      { numRuns: bounded(20, 60) },
    )
  })

  it('give results by the clock between batches, and none that says nothing new', async () => {
    const clock = new VirtualClock(500)
    const found: unknown[] = []
    const job = await pipeline(schema({ time: timestamp(), key: utf8(), value: f64() }))
      .eventTime('time')
      .keyBy('key')
      .window(session('10s', { early: { every: '1s' }, firing: 'retracting' }))
      .aggregate(e => ({ total: sum(e.value) }))
      .run({ clock, sink: r => void found.push([r.isRetraction ? '-' : '+', r.windowEnd, r.key, r.total]) })
    const push = async (time: number, key: string, value: number) => {
      job.push({ time, key, value })
      await clock.advance(1)
    }
    await push(0, 'a', 1)
    await push(10_000, 'b', 2)
    await push(18_000, 'a', 4)
    await clock.advance(496)
    expect(found.splice(0)).toEqual([['+', 10_000, 'a', 1]])
    await clock.advance(1)
    expect(found.splice(0)).toEqual([
      ['+', 20_000, 'b', 2],
      ['+', 28_000, 'a', 4],
    ])
    await clock.advance(60_000)
    await push(20_000, 'b', 8)
    expect(found.splice(0)).toEqual([])
    await clock.advance(1_000)
    expect(found.splice(0)).toEqual([
      ['-', 20_000, 'b', 2],
      ['+', 30_000, 'b', 10],
    ])
    await job.drain()
    expect(found).toEqual([])
  })
})

describe('sliding windows per event', () => {
  it('give what the model gives, in its order, however the rows are batched', async () => {
    let late = 0
    let again = 0
    await fc.assert(
      fc.asyncProperty(streams, rules, manners, async ({ gap, rows: given }, { keyed, ...rest }, manner) => {
        const rows = keyed ? given : given.map(row => ({ ...row, key: 'k' }))
        const diff = gap - 1
        const model = modelSliding(rows, { diff, ...rest })
        const wanted = expectedOutcome(model, keyed)
        expect(
          await runWindow(rows, slidingPerEvent(diff, { emit: emitOf(rest) }), { keyed, ...rest }, manner),
        ).toEqual(wanted)
        late += model.late
        if (new Set(model.windows.map(({ key, start }) => `${key} ${start}`)).size < model.windows.length) again++
      }),
      { numRuns: bounded(100, 300) },
    )
    expect(late).toBeGreaterThan(bounded(15, 50))
    expect(again).toBeGreaterThan(bounded(1, 5))
  })
})
