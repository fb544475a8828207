import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  count,
  hopping,
  i32,
  max,
  min,
  physical,
  pipeline,
  punctuated,
  schema,
  sum,
  timestamp,
} from '../../src/index.ts'
import { bool } from '../../src/schema/data-type.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { bounded } from '../bounded.ts'
import { turn } from '../pipelines/ledger.harness.ts'
import { RemoteSource } from '../pipelines/remote-source.ts'
import { InputsModel, type ModelRow, type Rules } from '../pipelines/several-inputs-model.ts'
import { timeGoesOn } from '../pipelines/time-goes-on.ts'
import { watchWorkers } from './started-workers.ts'

watchWorkers()

const events = schema({ id: i32(), key: i32(), time: timestamp(), marks: bool(), stays: bool() })
const SOURCES = 2

interface Setup {
  readonly rules: Rules
  readonly distribution: 'keys' | 'batches'
  readonly bufferSize: number
  readonly maxBatch: number
}

type Command =
  | { do: 'give'; input: number; rows: Omit<ModelRow, 'id' | 'stamp'>[]; way: 'push' | 'pushMany' | 'pushColumns' }
  | { do: 'pass'; ms: number }
  | { do: 'flush' | 'turn' | 'cut' | 'goOn' }
  | { do: 'end'; input: number }

type Line = readonly number[]

/** Results of several workers come in no order that is promised, but for those of one key. */
const sorted = (lines: readonly Line[]): Line[] =>
  [...lines].sort((a, b) => a.map((x, i) => x - b[i]!).find(difference => difference !== 0) ?? 0)

/** Takes a job with workers, and the model, through a schedule. Where it goes on from a checkpoint it may be on other threads. */
async function follow({ rules, distribution, bufferSize, maxBatch }: Setup, schedule: readonly Command[]) {
  const clock = new VirtualClock(1_000)
  const lines: Line[] = []
  let sources: RemoteSource[] = []
  let model = new InputsModel(rules, clock.now())
  const { watermarks, idlenessMs } = rules
  const idle = idlenessMs === undefined ? {} : { idleness: idlenessMs }
  const start = (workers: number, restore?: Uint8Array) => {
    sources = Array.from({ length: SOURCES }, () => new RemoteSource())
    const kept = pipeline(events, { bufferSize, maxBatch })
    const timed =
      watermarks.kind === 'bounded'
        ? kept.eventTime('time', { outOfOrderness: watermarks.boundMs, ...idle })
        : watermarks.kind === 'physical'
          ? kept.eventTime('time', { watermarks: physical(watermarks.waitMs), ...idle })
          : kept.eventTime('time', { watermarks: punctuated(e => e.marks), ...idle })
    return timed
      .keyBy('key')
      .window(hopping(rules.sizeMs, rules.slideMs, { allowedLateness: rules.latenessMs }))
      .aggregate(e => ({ n: count(), ids: sum(e.id), least: min(e.id), greatest: max(e.id) }))
      .run({
        clock,
        sources,
        ...(workers > 0 && { workers, distribution }),
        sink: r => void lines.push([r.windowStart, r.key, r.n, Number(r.ids), Number(r.least), Number(r.greatest)]),
        ...(restore && { restore }),
      })
  }
  let job = await start(2)
  const ended = new Set<number>()
  let ids = 0
  let lateBefore = 0
  const compare = (numLateRecordsDropped: number) => {
    const wanted = model.fired.map(({ start, key, ids }) => {
      const all = ids.reduce((a, b) => a + b, 0)
      return [start, key, ids.length, all, Math.min(...ids), Math.max(...ids)]
    })
    expect(sorted(lines)).toEqual(sorted(wanted))
    expect(lateBefore + numLateRecordsDropped).toBe(model.late.length)
  }
  const flush = async () => {
    await job.flush()
    // Workers ask for the next instant once they have been at the one before.
    for (; clock.nextTimerMs <= clock.now(); await job.flush()) clock.advance(0)
    compare(job.counts().numLateRecordsDropped)
  }
  try {
    for (const command of schedule) {
      if (command.do === 'give') {
        if (ended.has(command.input)) continue
        const rows = command.rows.map(row => ({ ...row, id: ids++, stamp: null, stays: true }))
        const given = rows.map(({ stamp: _, ...row }) => row)
        const into = command.input === SOURCES ? job : sources[command.input]!.intake
        if (command.way === 'push') for (const row of given) await into.push(row)
        else if (command.way === 'pushMany') await into.pushMany(given)
        else
          await into.pushColumns(
            Object.fromEntries(
              (['id', 'key', 'time', 'marks', 'stays'] as const).map(name => [name, given.map(row => row[name])]),
            ) as never,
          )
        for (const row of rows) model.row(command.input, row)
      } else if (command.do === 'pass') {
        await job.flush()
        clock.advance(command.ms)
        model.passTo(clock.now(), () => false)
        await flush()
      } else if (command.do === 'end') {
        if (ended.size === SOURCES - 1 || ended.has(command.input)) continue
        ended.add(command.input)
        sources[command.input]!.end()
        await turn()
        model.end(command.input)
      } else if (command.do === 'turn') await turn()
      else if (command.do === 'flush') await flush()
      else {
        await flush()
        const { bytes } = await job.checkpoint()
        await job.stop({ drain: false })
        lateBefore = model.late.length
        job = await start(command.do === 'cut' ? 2 : job.mode.kind === 'shards' ? 0 : 2, bytes)
        model = model.cut()(clock.now())
        for (const input of ended) sources[input]!.end()
        await turn()
      }
    }
    await flush()
    const { numLateRecordsDropped } = await job.drain()
    model.over()
    compare(numLateRecordsDropped)
  } finally {
    await job.stop({ drain: false }).catch(() => {})
  }
}

const setups = fc.oneof(
  fc.record({
    distribution: fc.constant('keys' as const),
    watermarks: fc.oneof(
      fc.constant({ kind: 'bounded' as const, boundMs: 10 }),
      fc.constant({ kind: 'condition' as const }),
      fc.constant({ kind: 'physical' as const, waitMs: 25 }),
    ),
    idlenessMs: fc.constantFrom(undefined, 30),
    latenessMs: fc.constantFrom(0, 20),
  }),
  fc.record({
    distribution: fc.constant('batches' as const),
    watermarks: fc.oneof(
      fc.constant({ kind: 'bounded' as const, boundMs: 10 }),
      fc.constant({ kind: 'condition' as const }),
    ),
    idlenessMs: fc.constant(undefined),
    latenessMs: fc.constant(0),
  }),
)

const commands: fc.Arbitrary<Command[]> = fc
  .array(
    fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record({
          do: fc.constant('give' as const),
          input: fc.nat(SOURCES),
          rows: fc.array(
            fc.record({
              key: fc.nat(3),
              time: fc.integer({ min: -60, max: 60 }),
              marks: fc.boolean(),
              stays: fc.constant(true),
            }),
            { minLength: 1, maxLength: 6 },
          ),
          way: fc.constantFrom('push' as const, 'pushMany' as const, 'pushColumns' as const),
        }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 90 }) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('flush' as const, 'turn' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'goOn' as const) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const), input: fc.nat(SOURCES - 1) }) },
    ),
    { minLength: 20, maxLength: 60, size: 'max' },
  )
  .map(schedule => timeGoesOn(schedule, 10))

it('several inputs of a job on workers give what the model of one thread gives', async () => {
  await fc.assert(
    fc.asyncProperty(
      setups,
      fc.record({
        bufferSize: fc.constantFrom(2, 7, 64),
        maxBatch: fc.constantFrom(1, 7, 64),
        slideMs: fc.constantFrom(50, 25),
      }),
      commands,
      async ({ distribution, ...rest }, { slideMs, ...sizes }, schedule) => {
        const rules = { sources: SOURCES, sizeMs: 50, slideMs, ...rest }
        await follow({ rules, distribution, ...sizes }, schedule)
      },
    ),
    { numRuns: bounded(6, 200) },
  )
})

it('watermarks that move with the clock are in a checkpoint of workers as of the moment it is taken', async () => {
  const got: number[] = []
  const clock = new VirtualClock(1_000)
  const start = (restore?: Uint8Array) =>
    pipeline(events)
      .eventTime('time', { watermarks: physical(0) })
      .keyBy('key')
      .window(hopping(50, 50))
      .aggregate(() => ({ n: count() }))
      .run({ clock, workers: 2, sink: () => void got.push(clock.now()), ...(restore && { restore }) })
  const job = await start()
  expect(job.mode.kind).toBe('shards')
  job.push({ id: 0, key: 0, time: 1_000, marks: false, stays: true })
  await job.flush()
  clock.advance(40)
  const { bytes } = await job.checkpoint()
  await job.stop({ drain: false })
  clock.advance(5_000)
  const next = await start(bytes)
  // Workers ask for an instant, and for the next once they have been there.
  for (const ms of [0, 9]) {
    await next.flush()
    clock.advance(ms)
  }
  await next.flush()
  expect(got).toEqual([6_049])
  await next.drain()
})
