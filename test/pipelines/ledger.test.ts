import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bounded } from '../bounded.ts'
import {
  answered,
  type Command,
  expectBalanced,
  LedgerRun,
  type Setup,
  STRATEGIES,
  type StrategyName,
  turn,
} from './ledger.harness.ts'

const names = Object.keys(STRATEGIES) as StrategyName[]
/** Strategies a single push may name without ending the job every time. */
const gentle = names.filter(name => name !== 'error' && !name.startsWith('unbounded'))

const perPush = fc.option(fc.constantFrom(...gentle), { nil: undefined, freq: 2 })
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      valid: fc.integer({ min: 0, max: 9 }).map(n => n > 0),
      strategy: perPush,
      signal: fc.constantFrom('none' as const, 'none' as const, 'live' as const, 'aborted' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('tryPush' as const),
      valid: fc.integer({ min: 0, max: 9 }).map(n => n > 0),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('pushMany' as const, 'pushColumns' as const),
      rows: fc.integer({ min: 0, max: 20 }),
      badRow: fc.integer({ min: -20, max: 19 }),
      strategy: perPush,
      signal: fc.constantFrom('none' as const, 'live' as const),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('land' as const), count: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('read' as const), count: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('abort' as const), nth: fc.nat(5) }) },
  { weight: 8, arbitrary: fc.constant<Command>({ do: 'turn' }) },
  { weight: 1, arbitrary: fc.constantFrom<Command>({ do: 'flush' }, { do: 'abortJob' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('stop' as const),
      drain: fc.constantFrom(undefined, true, false),
      timeoutMs: fc.constantFrom(undefined, undefined, 0, 20),
    }),
  },
)

const setup = (strategy: StrategyName): fc.Arbitrary<Setup> =>
  fc.record({
    engine: fc.constantFrom('js' as const, 'js' as const, 'wasm' as const),
    bufferSize: fc.integer({ min: 1, max: 9 }),
    maxBatch: fc.integer({ min: 1, max: 9 }),
    strategy: fc.constant(strategy),
    sink: fc.constantFrom('sync' as const, 'async' as const, 'async' as const, 'batch' as const, 'iterator' as const),
    maxInFlight: fc.integer({ min: 1, max: 3 }),
    sinkPolicy: fc.constantFrom('fail' as const, 'skip' as const, 'retry' as const, 'deadLetter' as const),
    failsEvery: fc.constantFrom(0, 0, 3, 7),
    sourcePolicy: fc.constantFrom('fail' as const, 'skip' as const, 'deadLetter' as const),
    signal: fc.constantFrom('none' as const, 'none' as const, 'none' as const, 'live' as const, 'aborted' as const),
  })

/** created is over when `run` hands out the job. */
const LIFE = /^running( draining)?( stopped| failed)$|^draining( stopped| failed)$/

function check(run: LedgerRun, given: Setup, how: 'drain' | 'stall'): void {
  const { job, calls, attempted, taken } = run
  run.expectSettled()
  expectBalanced(job)
  expect([...new Set(run.states)].join(' ')).toMatch(LIFE)
  const counts = job.counts()

  // What every caller was told adds up to what was counted.
  const told = calls.map(answered)
  const accepted = told.flatMap(answer => answer.accepted)
  const unsure = told.flatMap(answer => answer.unsure)
  expect(counts.accepted).toBeGreaterThanOrEqual(accepted.length)
  expect(counts.accepted).toBeLessThanOrEqual(accepted.length + unsure.length)
  const invalid = told.reduce((sum, answer) => sum + answer.invalid, 0)
  expect(counts.invalid).toBeGreaterThanOrEqual(invalid)
  expect(counts.invalid).toBeLessThanOrEqual(invalid + told.reduce((sum, answer) => sum + answer.unsureInvalid, 0))
  if (unsure.length === 0 && !calls.some(call => call.outcome instanceof Object && 'threw' in call.outcome)) {
    expect(counts.offered).toBe(calls.reduce((sum, call) => sum + call.ids.length, 0))
  }
  if (given.sourcePolicy === 'deadLetter') expect(run.invalidBuried.length).toBe(counts.invalid)

  // Rows come out in the order they went in, none twice, none that wasn't accepted.
  expect(attempted).toEqual([...attempted].sort((a, b) => a - b))
  expect(new Set(attempted).size).toBe(attempted.length)
  const possible = new Set([...accepted, ...unsure])
  expect(attempted.filter(id => !possible.has(id))).toEqual([])
  if (given.maxInFlight === 1) expect(taken).toEqual([...taken].sort((a, b) => a - b))
  expect(attempted.length).toBeGreaterThanOrEqual(counts.delivered)

  // Failures of the sink and of events are each counted once.
  expect(run.buried.length + run.invalidBuried.length).toBe(counts.deadLettered)
  const ended = counts.failed - counts.skipped - counts.deadLettered
  // A write that was on its way when the job was stopped without draining may still fail, later.
  expect(ended === 0 || job.state === 'failed' || run.wasHurried).toBe(true)

  if (job.state === 'stopped') {
    const summary = run.summaries.find(each => 'abandoned' in each)!
    expect(summary).toMatchObject({ accepted: counts.accepted, delivered: counts.delivered, evicted: counts.evicted })
    expect(summary.abandoned).toBe(counts.queued)
    // Everything accepted and not evicted was seen by the sink, when it was drained.
    if (summary.abandoned === 0) expect(attempted.length).toBe(counts.accepted - counts.evicted)
    if (how === 'drain' && counts.evicted === 0 && summary.abandoned === 0) expect(attempted).toEqual(accepted)
  }
  if (job.state === 'failed') {
    for (const each of run.summaries) expect(each).toHaveProperty('threw')
  }
}

describe('the ledger of a job', () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  beforeEach(() => {
    unhandled.length = 0
    process.on('unhandledRejection', note)
  })
  afterEach(() => {
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })

  it.each(names)('balances under %s, whatever is pushed and however it ends', async strategy => {
    await fc.assert(
      fc.asyncProperty(
        setup(strategy),
        fc.array(command, { maxLength: 40 }),
        fc.constantFrom('drain' as const, 'stall' as const),
        async (given, commands, how) => {
          const run = new LedgerRun(given)
          await run.start()
          for (const each of commands) {
            await run.step(each)
            expectBalanced(run.job)
          }
          await run.end(how)
          check(run, given, how)
        },
      ),
      { numRuns: bounded(40, 150) },
    )
  })

  it.each(['block', 'unbounded'] as const)('loses nothing under %s when it is drained', async strategy => {
    const gentleCommand = command.filter(
      each =>
        ['land', 'read', 'advance', 'turn', 'flush'].includes(each.do) ||
        ('strategy' in each && each.strategy === undefined && each.signal === 'none'),
    )
    await fc.assert(
      fc.asyncProperty(setup(strategy), fc.array(gentleCommand, { maxLength: 40 }), async (given, commands) => {
        const run = new LedgerRun({ ...given, failsEvery: 0, sourcePolicy: 'skip', signal: 'none' })
        await run.start()
        for (const each of commands) await run.step(each)
        await run.end('drain')
        run.expectSettled()
        const valid = run.calls.flatMap(call => call.ids.filter((_, i) => call.valid[i]))
        // What still waited for room when the drain began is refused; the rest is there, whole and in order.
        const refused = new Set(
          run.calls.flatMap(call => {
            const { accepted } = answered(call)
            return call.outcome === true ? [] : call.ids.filter(id => !accepted.includes(id))
          }),
        )
        expect(run.attempted).toEqual(valid.filter(id => !refused.has(id)))
        expect(run.job.counts().accepted).toBe(run.attempted.length)
        expect(run.job.counts()).toMatchObject({ evicted: 0, queued: 0, rejectedFull: 0, rejectedTimeout: 0 })
      }),
      { numRuns: bounded(25, 100) },
    )
  })

  it('lets those who wait for room in by the order they came, whatever the way they came in', async () => {
    await fc.assert(
      fc.asyncProperty(
        setup('block'),
        fc.array(fc.constantFrom('push' as const, 'pushMany' as const, 'pushColumns' as const), { minLength: 4 }),
        async (given, ways) => {
          const run = new LedgerRun({ ...given, sink: 'async', failsEvery: 0, signal: 'none' })
          await run.start()
          for (const way of ways) {
            if (way === 'push') run.step({ do: way, valid: true, strategy: undefined, signal: 'none' })
            else run.step({ do: way, rows: 3, badRow: -1, strategy: undefined, signal: 'none' })
          }
          const settled: number[] = []
          for (let i = 0; i < ways.length * 4; i++) {
            run.step({ do: 'land', count: 1 })
            await turn()
            run.calls.forEach((call, at) => {
              if (call.outcome !== undefined && !settled.includes(at)) settled.push(at)
            })
          }
          expect(settled).toEqual(ways.map((_, at) => at))
          expect(run.calls.every(call => call.outcome === true)).toBe(true)
          await run.end('drain')
          expect(run.attempted).toEqual(run.calls.flatMap(call => call.ids))
        },
      ),
      { numRuns: bounded(15, 60) },
    )
  })

  it('keeps exactly the last rows that fit under drop-oldest, and those the stalled sink was given before', async () => {
    await fc.assert(
      fc.asyncProperty(
        setup('drop-oldest'),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 }),
        fc.constantFrom('async' as const, 'batch' as const),
        async (given, blocks, sink) => {
          const run = new LedgerRun({ ...given, sink, failsEvery: 0, signal: 'none', maxInFlight: 1 })
          await run.start()
          for (const rows of blocks) {
            run.step({ do: 'pushMany', rows, badRow: -1, strategy: undefined, signal: 'none' })
            await turn()
          }
          const pushed = blocks.reduce((sum, rows) => sum + rows, 0)
          const { evicted, accepted, queued } = run.job.counts()
          expect(accepted).toBe(pushed)
          await run.end('drain')
          const { attempted } = run
          const survivors = attempted.length
          expect(survivors).toBe(pushed - evicted)
          // What the task held is the beginning of the stream (the sink stalls at the first row it gets), …
          const held = attempted.findIndex((id, i) => id !== i)
          const kept = held < 0 ? survivors : held
          if (evicted > 0) {
            expect(attempted.slice(kept)).toEqual(
              Array.from({ length: given.bufferSize }, (_, i) => pushed - given.bufferSize + i),
            )
            expect(kept).toBeLessThanOrEqual(given.maxBatch + 1)
          } else expect(attempted).toEqual(Array.from({ length: pushed }, (_, i) => i))
          expect(queued).toBeLessThanOrEqual(given.bufferSize + given.maxBatch)
        },
      ),
      { numRuns: bounded(40, 150) },
    )
  })
})
