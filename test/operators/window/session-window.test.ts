import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { session, slidingPerEvent } from '../../../src/time/session-windows.ts'
import { expectedOutcome, type Manner, runWindow } from './run-window.ts'
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
      { numRuns: Number(process.env.RUNS ?? 300) },
    )
    expect(late).toBeGreaterThan(50)
    expect(again).toBeGreaterThan(5)
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
      { numRuns: Number(process.env.RUNS ?? 300) },
    )
    expect(late).toBeGreaterThan(50)
    expect(again).toBeGreaterThan(5)
  })
})
