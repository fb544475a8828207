import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/job.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { bounded } from '../bounded.ts'
import { expectBalanced, STRATEGIES, type StrategyName, turn } from '../pipelines/ledger.harness.ts'

const events = schema({ id: i32() })
type Event = { id: number }
type Running = Job<Event, Event>

interface Setup {
  readonly bufferSize: number
  readonly maxBatch: number
  readonly strategy: StrategyName
  readonly isSlow: boolean
  readonly listens: boolean
}
type Command =
  | { do: 'push' | 'tryPush' | 'several'; rows: number; badRow: number }
  | { do: 'land'; by: number }
  | { do: 'advance'; by: number }
  | { do: 'turn' }
  | { do: 'measure' }

const size = fc.integer({ min: 1, max: 24 })
const setups: fc.Arbitrary<Setup> = fc.record({
  bufferSize: size,
  maxBatch: size,
  strategy: fc.constantFrom(...(Object.keys(STRATEGIES) as StrategyName[])),
  isSlow: fc.boolean(),
  listens: fc.boolean(),
})
const rows = { rows: fc.integer({ min: 1, max: 16 }), badRow: fc.integer({ min: -40, max: 15 }) }
const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('push' as const), ...rows }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('tryPush' as const), ...rows }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('several' as const), ...rows }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom('land' as const, 'advance' as const),
        by: fc.integer({ min: 1, max: 12 }),
      }),
    },
    { weight: 4, arbitrary: fc.constant<Command>({ do: 'turn' }) },
    { weight: 1, arbitrary: fc.constant<Command>({ do: 'measure' }) },
  ),
  { minLength: 1, maxLength: 30 },
)

/** What can be seen of a job whose events are given to it by `push`. */
async function seenOf(setup: Setup, schedule: readonly Command[], push: (job: Running, event: Event) => unknown) {
  const clock = new VirtualClock()
  const stalled: (() => void)[] = []
  const seen: unknown[] = []
  const { bufferSize, maxBatch, strategy, isSlow, listens } = setup
  const job: Running = await pipeline(events, {
    engine: 'js',
    bufferSize,
    maxBatch,
    backpressure: STRATEGIES[strategy],
  }).run({
    clock,
    random: () => 0.5,
    errors: { source: 'skip' },
    maxInFlight: 3,
    sink: ({ id }) => {
      seen.push(id)
      return isSlow ? new Promise<void>(resolve => stalled.push(resolve)) : undefined
    },
  })
  if (listens) job.onPressure(({ state, depth }) => seen.push(`${state} at ${depth}`))
  let id = 0
  const offer = (isValid: boolean, how: (event: Event) => unknown): void => {
    const event = { id: isValid ? id++ : 0.5 }
    try {
      const result = how(event)
      if (result instanceof Promise)
        result.then(
          settled => seen.push(reason(settled)),
          error => seen.push(error.code),
        )
      else seen.push(reason(result))
    } catch (error) {
      seen.push((error as { code: string }).code)
    }
  }
  for (const command of schedule) {
    if (command.do === 'turn') await turn()
    else if (command.do === 'measure') {
      expectBalanced(job)
      seen.push(job.counts(), measured(job))
    } else if (command.do === 'land') for (const resolve of stalled.splice(0, command.by)) resolve()
    else if (command.do === 'advance') clock.advance(command.by)
    else {
      const { rows, badRow } = command
      const each = command.do === 'tryPush' ? (event: Event) => job.tryPush(event) : (event: Event) => push(job, event)
      if (command.do === 'several')
        offer(true, ({ id: first }) => {
          id = first + rows
          return job.pushMany(Array.from({ length: rows }, (_, i) => ({ id: first + i })))
        })
      else for (let i = 0; i < rows; i++) offer(i !== badRow, each)
    }
  }
  await turn()
  seen.push(job.counts())
  seen.push(measured(job))
  seen.push(job.state)
  await job.stop({ drain: false }).catch(() => {})
  return seen
}

/** What was seen of the edge. It looks at it, so it is asked for now and then only. */
function measured(job: Running) {
  const { depth, highWaterMark, timesFull, timeFullNs } = job.metrics().edges[0]!
  return { depth, highWaterMark, timesFull, timeFullNs }
}

const reason = (result: unknown): unknown =>
  typeof result === 'object' && result !== null && 'reason' in result ? result.reason : result

describe('events pushed one by one', () => {
  it('are treated as arrays of one are: in order, and in everything that is counted and measured', async () => {
    const trial = fc.asyncProperty(setups, commands, async (setup, schedule) => {
      const alone = await seenOf(setup, schedule, (job, event) => job.push(event))
      const inArrays = await seenOf(setup, schedule, (job, event) => job.pushMany([event]))
      expect(alone).toEqual(inArrays)
    })
    await fc.assert(trial, { numRuns: bounded(300, 5_000) })
  })

  it('keep their texts while codes are taken back for those that come behind them', async () => {
    const rounds = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(rounds, async sizes => {
        const out: string[] = []
        const texts = schema({ text: utf8() })
        const job = await pipeline(texts, { engine: 'js', bufferSize: 64, maxBatch: 64, maxKeys: 20 })
          .filter(e => e.text.ne('none'))
          .run({ sink: ({ text }) => void out.push(text) })
        const given: string[] = []
        for (const size of sizes) {
          for (let i = 0; i < size; i++) {
            const text = `text ${given.length}`
            given.push(text)
            expect(job.push({ text })).toBe(true)
          }
          await turn()
        }
        await job.drain()
        expect(out).toEqual(given)
      }),
    )
  })

  describe('of which one', () => {
    const rows = schema({ id: i32(), value: i32() })
    const start = async (policy: 'skip' | 'fail') => {
      const out: { id: number; value: number }[] = []
      const job = await pipeline(rows, { bufferSize: 64, maxBatch: 64 }).run({ sink: out, errors: { source: policy } })
      return { job, out }
    }
    /** An event whose value is read as something else is done. */
    const looking = (id: number, look: () => unknown) => ({
      id,
      get value() {
        look()
        return id
      },
    })
    const row = (id: number) => ({ id, value: id })

    it('looks at the counts is in once, behind those before it', async () => {
      const { job, out } = await start('fail')
      const seen: unknown[] = []
      for (const id of [1, 2]) job.push(row(id))
      job.push(looking(3, () => seen.push(job.counts().accepted)))
      job.push(row(4))
      expect(job.counts().accepted).toBe(4)
      await job.drain()
      expect(new Set(seen)).toEqual(new Set([2]))
      expect(out).toEqual([1, 2, 3, 4].map(row))
    })

    it('has a turn taken is in behind those it was taken for', async () => {
      const { job, out } = await start('fail')
      for (const id of [1, 2, 3]) job.push(row(id))
      job.push(looking(4, () => void job.flush()))
      for (const id of [5, 6]) job.push(row(id))
      await job.drain()
      expect(out).toEqual([1, 2, 3, 4, 5, 6].map(row))
    })

    it.each([
      ['an event', (job: Job<never, unknown>) => job.push(row(9) as never)],
      ['events', (job: Job<never, unknown>) => job.pushMany([row(9), row(9)] as never)],
    ])('pushes %s is in, and what it pushed is refused', async (_, push) => {
      const { job, out } = await start('skip')
      for (const id of [1, 2]) job.push(row(id))
      expect(job.push(looking(3, () => push(job as never)))).toBe(true)
      job.push(row(4))
      const { accepted, invalid } = await job.drain()
      expect(accepted).toBe(4)
      expect(invalid).toBeGreaterThan(0)
      expect(out).toEqual([1, 2, 3, 4].map(row))
    })

    it('pushes columns is refused, as they are', async () => {
      for (const before of [0, 2]) {
        const { job, out } = await start('skip')
        for (let id = 0; id < before; id++) job.push(row(id))
        job.push(looking(7, () => job.pushColumns({ id: [9, 9], value: [9, 9] })))
        job.push(row(8))
        expect(await job.drain()).toMatchObject({ accepted: before + 1, invalid: 1 })
        expect(out).toEqual([...Array.from({ length: before }, (_, id) => row(id)), row(8)])
      }
    })
  })

  it('count towards the high-water mark though the job is told of the first of them only', async () => {
    const job = await pipeline(events, { bufferSize: 1_000, maxBatch: 1_000 }).run({ onBatch: () => {} })
    for (let id = 0; id < 123; id++) job.push({ id })
    await job.flush()
    expect(job.metrics().edges[0]).toMatchObject({ depth: 0, highWaterMark: 123 })
    for (let id = 0; id < 45; id++) job.push({ id })
    expect(job.metrics().edges[0]).toMatchObject({ depth: 45, highWaterMark: 123 })
    await job.drain()
  })
})
