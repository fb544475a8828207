import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bounded } from '../bounded.ts'
import { type Command, HeldUpRun, type Setup } from './held-up-inputs.harness.ts'
import { timeGoesOn } from './time-goes-on.ts'

const SOURCES = 3

const setups: fc.Arbitrary<Setup> = fc.record({
  rules: fc.record({
    sources: fc.integer({ min: 1, max: SOURCES }),
    watermarks: fc.oneof(
      fc.record({ kind: fc.constant('bounded' as const), boundMs: fc.constantFrom(0, 10) }),
      fc.constant({ kind: 'condition' as const }),
    ),
    idlenessMs: fc.constant(undefined),
    sizeMs: fc.constant(50),
    slideMs: fc.constantFrom(50, 25),
    latenessMs: fc.constantFrom(0, 20),
  }),
  engine: fc.constantFrom('wasm' as const, 'js' as const),
  bufferSize: fc.constantFrom(2, 3, 7, 20),
  maxBatch: fc.constantFrom(1, 2, 7, 64),
  strategy: fc.constantFrom(
    'block' as const,
    'block with timeout' as const,
    'drop-oldest' as const,
    'drop-newest' as const,
    'unbounded' as const,
    'backoff' as const,
    'circuit-breaker' as const,
  ),
  maxInFlight: fc.integer({ min: 1, max: 3 }),
  isLateSlow: fc.boolean(),
})

const row = fc.record({ key: fc.nat(1), time: fc.integer({ min: -90, max: 40 }), marks: fc.boolean() })

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
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constantFrom('pass' as const, 'land' as const),
          by: fc.integer({ min: 1, max: 12 }),
        }),
      },
      { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('turn' as const, 'look' as const) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'restart' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), input: fc.nat(SOURCES - 1) }) },
    ),
    { minLength: 6, maxLength: 60, size: 'max' },
  )
  .map(schedule => timeGoesOn(schedule, 6))

it('several inputs whose sinks take their time give what a model gives of the rows that got in, whatever the strategy', async () => {
  const seen = { late: 0, fired: 0, evicted: 0, refused: 0, waited: 0, restarted: 0 }
  await fc.assert(
    fc.asyncProperty(setups, commands, async (setup, schedule) => {
      const run = new HeldUpRun(setup)
      await run.start()
      for (const command of schedule) {
        const turn = run.step(command)
        if (turn !== undefined) await turn
      }
      await run.finish()
      for (const what of Object.keys(seen) as (keyof typeof seen)[]) if (run.seen[what] > 0) seen[what]++
    }),
    { numRuns: bounded(80, 2_000) },
  )
  expect(Object.entries(seen).filter(([, runs]) => runs < 4)).toEqual([])
})
