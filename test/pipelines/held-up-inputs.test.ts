import fc from 'fast-check'
import { expect, it } from 'vitest'
import { count } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { tumbling } from '../../src/time/windows.ts'
import { bounded } from '../bounded.ts'
import { type Command, HeldUpRun, type Setup } from './held-up-inputs.harness.ts'
import { turn } from './ledger.harness.ts'
import { RemoteSource } from './remote-source.ts'
import { timeGoesOn } from './time-goes-on.ts'

const SOURCES = 3

const setups: fc.Arbitrary<Setup> = fc.record({
  rules: fc.record({
    sources: fc.integer({ min: 1, max: SOURCES }),
    watermarks: fc.oneof(
      fc.record({ kind: fc.constant('bounded' as const), boundMs: fc.constantFrom(0, 10) }),
      fc.constant({ kind: 'condition' as const }),
      fc.record({ kind: fc.constant('physical' as const), waitMs: fc.constantFrom(0, 25) }),
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

/** Takes a job through a schedule, to its end; what came up on the way. */
async function finished(setup: Setup, schedule: readonly Command[]): Promise<HeldUpRun['seen']> {
  const run = new HeldUpRun(setup)
  await run.start()
  for (const command of schedule) {
    const turn = run.step(command)
    if (turn !== undefined) await turn
  }
  await run.finish()
  return run.seen
}

/** The longest time that an input gives nothing for. */
function longestSilence(schedule: readonly Command[], inputs: number): number {
  const gaveAt = new Array<number>(inputs).fill(0)
  let [now, longest] = [0, 0]
  const look = () => {
    for (const at of gaveAt) longest = Math.max(longest, now - at)
  }
  for (const command of schedule) {
    if (command.do === 'pass') now += command.by
    look()
    if (command.do === 'give' && command.input < inputs) gaveAt[command.input] = now
  }
  return longest
}

it('inputs that give rows in time are never idle, and no row is late, because sinks take theirs', async () => {
  const seen = { waited: 0, restarted: 0 }
  const patient = setups.map(setup => ({
    ...setup,
    strategy: setup.maxInFlight === 3 ? ('unbounded' as const) : ('block' as const),
  }))
  const fitting = commands.map(schedule =>
    schedule.map(command =>
      // A push that doesn't wait may be refused, and rows that don't fit be all there are.
      command.do === 'give'
        ? { ...command, badAt: -1, way: command.way === 'tryPush' ? ('push' as const) : command.way }
        : command,
    ),
  )
  await fc.assert(
    fc.asyncProperty(patient, fitting, async (setup, schedule) => {
      const idlenessMs = longestSilence(schedule, setup.rules.sources + 1) + 1
      const ran = await finished({ ...setup, rules: { ...setup.rules, idlenessMs } }, schedule)
      for (const what of Object.keys(seen) as (keyof typeof seen)[]) if (ran[what] > 0) seen[what]++
    }),
    { numRuns: bounded(100, 2_000) },
  )
  expect(Math.min(seen.waited, seen.restarted)).toBeGreaterThan(3)
})

it('several inputs whose sinks take their time give what a model gives of the rows that got in, whatever the strategy', async () => {
  const seen = { late: 0, fired: 0, evicted: 0, refused: 0, waited: 0, restarted: 0 }
  await fc.assert(
    fc.asyncProperty(setups, commands, async (setup, schedule) => {
      const ran = await finished(setup, schedule)
      for (const what of Object.keys(seen) as (keyof typeof seen)[]) if (ran[what] > 0) seen[what]++
    }),
    { numRuns: bounded(120, 2_000) },
  )
  expect(Object.entries(seen).filter(([, runs]) => runs < 4)).toEqual([])
})

it.each([
  ['for room', 2],
  ['in the queue', 64],
])('inputs that give nothing become idle behind the rows that wait by then: %s', async (_, bufferSize) => {
  const clock = new VirtualClock(0)
  const sources = [new RemoteSource(), new RemoteSource(), new RemoteSource()]
  const stalled: (() => void)[] = []
  const source = pipeline(schema({ time: timestamp() }), { bufferSize, maxBatch: 1 })
  const job = await source
    .tee('side', rows =>
      rows
        .eventTime('time', { idleness: 30 })
        .window(tumbling(50))
        .aggregate(() => ({ n: count() })),
    )
    .eventTime('time', { idleness: 30 })
    .window(tumbling(50))
    .aggregate(() => ({ n: count() }))
    .run({
      clock,
      sources,
      sink: () => new Promise<void>(resolve => stalled.push(resolve)),
      sinks: { side: () => {} },
    })
  const [ahead, behind, returning] = sources.map(({ intake }) => intake)
  clock.advance(20)
  behind!.pushMany([10, 60, 120].map(time => ({ time })))
  ahead!.push({ time: 10 })
  await turn()
  // The third is idle from 30 on. Then two windows fire at once, and the sink takes its time.
  clock.advance(20)
  ahead!.push({ time: 120 })
  await turn()
  ahead!.push({ time: 400 })
  const answer = returning!.push({ time: 130 })
  expect(answer instanceof Promise).toBe(bufferSize === 2)
  // The second is idle from 50 on: when that row was given, it held the watermark back.
  clock.advance(60)
  for (let turns = 0; turns < 10; turns++) {
    for (const land of stalled.splice(0)) land()
    await turn()
  }
  expect(await answer).toBe(true)
  expect(job.metrics().currentInputWatermark).toBe(129)
  expect(job.counts().numLateRecordsDropped).toBe(0)
  await job.stop({ drain: false })
})
