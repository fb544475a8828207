import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bounded } from '../bounded.ts'
import { type Command, InputsRun, type Setup } from './several-inputs.harness.ts'
import { timeGoesOn } from './time-goes-on.ts'

const SOURCES = 3

const row = fc.record({
  key: fc.nat(1),
  time: fc.integer({ min: -60, max: 60 }),
  marks: fc.boolean(),
  stamp: fc.option(fc.integer({ min: -60, max: 60 }), { nil: null }),
  stays: fc.integer({ min: 0, max: 3 }).map(n => n > 0),
})

const setups: fc.Arbitrary<Setup> = fc.record({
  rules: fc.record({
    sources: fc.integer({ min: 1, max: SOURCES }),
    watermarks: fc.oneof(
      fc.record({ kind: fc.constant('bounded' as const), boundMs: fc.constantFrom(0, 10) }),
      fc.record({ kind: fc.constantFrom('condition' as const, 'timestamp' as const) }),
      fc.record({ kind: fc.constant('physical' as const), waitMs: fc.constantFrom(0, 25) }),
    ),
    idlenessMs: fc.constantFrom(undefined, 30, 100),
    sizeMs: fc.constant(50),
    slideMs: fc.constantFrom(50, 25),
    latenessMs: fc.constantFrom(0, 20),
  }),
  engine: fc.constantFrom('wasm' as const, 'js' as const),
  bufferSize: fc.constantFrom(2, 3, 7, 64, 1_024),
  maxBatch: fc.constantFrom(1, 2, 7, 64, 1_024),
  strategy: fc.constantFrom(
    'block' as const,
    'block with timeout' as const,
    'drop-oldest' as const,
    'drop-newest' as const,
    'unbounded' as const,
    'backoff' as const,
    'circuit-breaker' as const,
    'error' as const,
  ),
  isSeen: fc.boolean(),
  filters: fc.boolean(),
  everyEvents: fc.constantFrom(undefined, 3),
  badRows: fc.constantFrom('skip' as const, 'deadLetter' as const),
  ending: fc.constantFrom(
    'drain' as const,
    'sources' as const,
    'abandon' as const,
    'signal' as const,
    'suspend' as const,
  ),
})

const commands: fc.Arbitrary<Command[]> = fc
  .array(
    fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record({
          do: fc.constant('give' as const),
          input: fc.nat(SOURCES),
          rows: fc.array(row, { minLength: 1, maxLength: 6 }),
          way: fc.constantFrom('push' as const, 'tryPush' as const, 'pushMany' as const, 'pushColumns' as const),
          badAt: fc.integer({ min: -20, max: 5 }),
        }),
      },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 90 }) }) },
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constantFrom('turn' as const, 'flush' as const, 'look' as const) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'restart' as const, 'goOn' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), input: fc.nat(SOURCES - 1) }) },
    ),
    { minLength: 6, maxLength: 60, size: 'max' },
  )
  .map(schedule => timeGoesOn(schedule, 10))

it('several inputs give what a model gives that takes one row and one millisecond after the other', async () => {
  const seen = { late: 0, fired: 0 }
  await fc.assert(
    fc.asyncProperty(setups, commands, async (setup, schedule) => {
      const run = new InputsRun(setup)
      await run.start()
      for (const command of schedule) {
        // Rows wait while time passes where nothing is awaited.
        const turn = run.step(command)
        if (turn !== undefined) await turn
      }
      await run.finish()
      if (run.seen.late > 0) seen.late++
      if (run.seen.fired > 3) seen.fired++
    }),
    { numRuns: bounded(100, 5_000) },
  )
  expect(Math.min(seen.late, seen.fired)).toBeGreaterThan(20)
})
