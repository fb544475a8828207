import { describe, expect, it } from 'vitest'
import { count, f64, type PipelineConfig, pipeline, schema, sum, timestamp, tumbling, utf8 } from '../../src/index.ts'
import type { BatchInputs } from '../../src/operators/event-time/batch-inputs.ts'
import { BatchReceiver, ReceivedInputs, StreamTexts } from '../../src/threads/batch-receiver.ts'
import { BatchSender } from '../../src/threads/batch-sender.ts'
import { FrameRing, frameRingMemory } from '../../src/threads/frame-ring.ts'
import { ringBytes } from '../../src/threads/ring-sizes.ts'
import { BatchFixture, ENGINES } from '../operators/batch-fixture.ts'
import { sorted } from './events.ts'
import { watchWorkers } from './started-workers.ts'

watchWorkers()

/** Columns of which eight rows are more than the least of rings holds. */
const WIDTH = 700
/** So that rings are as small as they get. */
const CONFIG: PipelineConfig = { bufferSize: 16, maxBatch: 8 }

const points = schema({ time: timestamp(), name: utf8(), x: f64() })
const ROWS = Array.from({ length: 40 }, (_, i) => ({
  time: i * 100 - (i % 9 === 8 ? 3_000 : 0),
  name: `name ${i % 5}`,
  x: i / 4,
}))

const wide = <T>(column: (i: number) => T): Record<string, T> =>
  Object.fromEntries(Array.from({ length: WIDTH }, (_, i) => [`c${i}`, column(i)]))

interface Wide {
  readonly mode: string
  /** Of the job on threads. */
  readonly options: object
  readonly branch?: string
  plan(isStaged: boolean): unknown
}
interface Runs {
  run(options: object): Promise<{
    readonly mode: { readonly kind: string; readonly distribution?: string }
    pushMany(rows: typeof ROWS): unknown
    drain(): Promise<unknown>
  }>
}

const filtered = () => pipeline(points, CONFIG).filter(e => e.x.ge(1))
const windowed = () =>
  pipeline(points, CONFIG)
    .eventTime('time')
    .keyBy('name')
    .window(tumbling('1s'))
    .aggregate(e => wide(i => sum(e.x.add(i))))

const WAYS: Readonly<Record<string, Wide>> = {
  'results of the last stage': {
    mode: 'stages',
    options: {},
    plan: isStaged => (isStaged ? filtered().stage() : filtered()).project(e => wide(i => e.x.add(i))),
  },
  'a branch of the first stage': {
    mode: 'stages',
    options: {},
    branch: 'wide',
    plan(isStaged) {
      const rows = filtered().tee('wide', branch => branch.project(e => wide(i => e.x.add(i))))
      return (isStaged ? rows.stage() : rows).filter(e => e.x.lt(9))
    },
  },
  'rows that are late': {
    mode: 'stages',
    options: {},
    branch: 'late',
    plan(isStaged) {
      const rows = filtered().project(e => ({ time: e.time, ...wide(i => e.x.add(i)) }))
      const timed = (isStaged ? rows.stage() : rows).eventTime('time')
      return timed.window(tumbling('1s', { lateTo: 'late' })).aggregate(() => ({ rows: count() }))
    },
  },
  'results of windows, dealt out by keys': {
    mode: 'keys',
    options: { workers: 2, distribution: 'keys' },
    plan: windowed,
  },
  'records of windows, dealt out in batches': {
    mode: 'batches',
    options: { workers: 2, distribution: 'batches' },
    plan: windowed,
  },
}

async function run({ plan, branch, options }: Wide, isThreaded: boolean) {
  const [out, aside]: [object[], object[]] = [[], []]
  const job = await (plan(isThreaded) as Runs).run({
    sink: (row: object) => void out.push(row),
    ...(branch !== undefined && { sinks: { [branch]: (row: object) => void aside.push(row) } }),
    ...(isThreaded && options),
  })
  await job.pushMany(ROWS)
  await job.drain()
  return { mode: job.mode.distribution ?? job.mode.kind, out: sorted(out), aside: sorted(aside) }
}

describe('rows of hundreds of columns, on their way from thread to thread in the least of rings', () => {
  it.each(Object.entries(WAYS))('come through: %s', async (_, way) => {
    const [one, many] = [await run(way, false), await run(way, true)]
    expect([one.mode, many.mode]).toEqual(['thread', way.mode])
    expect(many.out).toEqual(one.out)
    expect(many.aside).toEqual(one.aside)
    expect((way.branch === undefined ? one.out : one.aside).length).toBeGreaterThan(3)
  })
})

describe('what is told of the inputs rows came in by', () => {
  /** Each row is of another input than the one before. */
  const alternating = (rows: number, count: number): BatchInputs => ({
    count,
    runCount: rows,
    endOf: run => Math.min(run + 1, rows),
    inputOf: run => run % count,
    isQueued: input => input < rows,
    reachedMs: nowMs => nowMs,
    onBatch: () => {},
  })

  it.each(ENGINES)('goes with the rows it is about, however many frames a batch takes (%s)', engine => {
    const rows = 8_192
    const types = { flag: 'bool' } as const
    const fixture = new BatchFixture(engine, types, rows)
    const bytes = ringBytes({ maxBatch: rows, bufferSize: rows }, [{ type: 'bool' }], 3)
    const shared = frameRingMemory(bytes, 1)
    const [ring, reader] = [new FrameRing(shared, 1), new FrameRing(shared, 1)]
    const { context, columns } = fixture
    const inputs = alternating(rows, 3)
    const sender = new BatchSender({ ring, stream: 0, context, columns, sendsAllTexts: true, inputs })
    const received = new ReceivedInputs(3)
    const receiver = new BatchReceiver(columns, context, { rows, inputs: received })
    const texts = new StreamTexts(columns, context)
    sender.start(fixture.write(Array.from({ length: rows }, (_, i) => ({ flag: i % 2 === 0 }))), 0)
    let at = 0
    for (let isSent = false; !isSent || reader.hasFrame(0); ) {
      isSent ||= sender.send()
      const offset = reader.poll(0)
      expect(offset).toBeGreaterThan(0)
      const batch = receiver.read(reader, offset, texts)
      expect([0, 1, 2].map(input => received.isQueued(input))).toEqual([true, true, true])
      const runs = Array.from({ length: received.runCount }, (_, run) => [received.endOf(run), received.inputOf(run)])
      expect(runs).toEqual(Array.from({ length: batch.length }, (_, row) => [row + 1, (at + row) % 3]))
      at += batch.length
      reader.release(0)
    }
    expect(at).toBe(rows)
  })

  it('finds room in the least of rings, however many inputs there are', () => {
    for (const inputs of [1, 100, 2_047, 5_000, 100_000]) {
      const bytes = ringBytes({ maxBatch: 1, bufferSize: 1 }, [{ type: 'timestamp' }], inputs)
      const { mostBytes } = new FrameRing(frameRingMemory(bytes, 1), 1)
      const watermarks = 8 * (1 + 2 * inputs)
      const eightRows = 16 + 4 * inputs + 8 * (8 + 8) + 24
      expect(mostBytes).toBeGreaterThanOrEqual(Math.max(watermarks, eightRows))
    }
  })
})
