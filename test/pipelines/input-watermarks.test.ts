import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/checkpoint/memory-store.ts'
import type { Source } from '../../src/connector/source.ts'
import { count, sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { physical } from '../../src/plan/watermarks.ts'
import { i32, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { tumbling } from '../../src/time/windows.ts'
import { RemoteSource } from './remote-source.ts'

const events = schema({ time: timestamp(), key: i32() })
const SOURCES = 3
const PUSHES = SOURCES
const IDLENESS = 100

type Step =
  | { readonly kind: 'rows'; readonly input: number; readonly times: readonly number[] }
  | { readonly kind: 'end'; readonly input: number }
  | { readonly kind: 'clock'; readonly ms: number }

interface Outcome {
  readonly rows: [number, number][]
  readonly late: number
}

/** Inputs, watermarks and windows of 50 ms, one row at a time. */
function model(steps: readonly Step[], { bound, idles, drops }: Manner): Outcome {
  const rows: [number, number][] = []
  const open = new Map<number, number>()
  const inputs = Array.from({ length: SOURCES + 1 }, (_, i) => ({ own: -Infinity, seen: 0, takesPart: i < SOURCES }))
  const ended = new Set<number>()
  let [now, merged, late] = [0, -Infinity, 0]
  const settle = () => {
    const parts = inputs.filter(({ takesPart }) => takesPart).map(({ own }) => own)
    if (parts.length > 0) merged = Math.max(merged, Math.min(...parts))
    fire()
  }
  const fire = () => {
    for (const start of [...open.keys()].filter(each => each + 49 <= merged).sort((a, b) => a - b)) {
      rows.push([start, open.get(start)!])
      open.delete(start)
    }
  }
  for (const step of steps) {
    if (step.kind === 'clock') {
      const until = now + step.ms
      for (; now < until; now++) {
        const idle = idles ? inputs.filter(({ takesPart, seen }) => takesPart && seen + IDLENESS === now + 1) : []
        for (const input of idle) input.takesPart = false
        if (idle.length > 0) settle()
      }
    } else if (step.kind === 'end') {
      ended.add(step.input)
      inputs[step.input]!.takesPart = false
      settle()
    } else if (!ended.has(step.input)) {
      for (const time of step.times) {
        if (drops && time % 3 === 0) continue
        const input = inputs[step.input]!
        const start = Math.floor(time / 50) * 50
        if (start + 49 <= merged) late++
        else open.set(start, (open.get(start) ?? 0) + 1)
        input.own = Math.max(input.own, time - bound - 1)
        input.seen = now
        input.takesPart = true
        settle()
      }
    }
  }
  merged = Infinity
  fire()
  return { rows, late }
}

interface Manner {
  readonly bound: number
  readonly idles: boolean
  /** Whether a filter stands before the event time. */
  readonly drops: boolean
  readonly maxBatch: number
  readonly engine: 'wasm' | 'js'
  readonly way: 'push' | 'pushMany'
}

async function run(steps: readonly Step[], manner: Manner): Promise<Outcome> {
  const { bound, idles, drops, maxBatch, engine, way } = manner
  const clock = new VirtualClock(0)
  const sources = Array.from({ length: SOURCES }, () => new RemoteSource())
  const rows: [number, number][] = []
  const source = pipeline(events, { maxBatch, engine })
  const filtered = drops ? source.filter(e => e.key.ne(0)) : source
  const job = await filtered
    .eventTime('time', { outOfOrderness: bound, ...(idles && { idleness: IDLENESS }) })
    .window(tumbling(50))
    .aggregate(() => ({ n: count() }))
    .run({ clock, sources, sink: row => void rows.push([row.windowStart, row.n]) })
  const ended = new Set<number>()
  for (const step of steps) {
    if (step.kind === 'clock') {
      await job.flush()
      clock.advance(step.ms)
    } else if (step.kind === 'end') {
      if (ended.size === SOURCES - 1) continue
      ended.add(step.input)
      sources[step.input]!.end()
      for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    } else if (!ended.has(step.input)) {
      const block = step.times.map(time => ({ time, key: time % 3 }))
      const into = step.input === PUSHES ? job : sources[step.input]!.intake
      if (way === 'pushMany') into.pushMany(block)
      else for (const event of block) into.push(event)
    }
  }
  const { numLateRecordsDropped: late } = await job.drain()
  return { rows, late }
}

const steps = fc
  .array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constant('rows' as const),
          input: fc.nat(SOURCES),
          times: fc.array(fc.nat(400), { minLength: 1, maxLength: 6 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), input: fc.nat(SOURCES - 1) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('clock' as const), ms: fc.integer({ min: 1, max: 90 }) }) },
    ),
    { maxLength: 40 },
  )
  // The last source to end would end the job.
  .map(all => {
    const ended = new Set<number>()
    return all.filter(step => {
      if (step.kind !== 'end') return true
      if (ended.has(step.input) || ended.size === SOURCES - 1) return false
      ended.add(step.input)
      return true
    })
  })

const manners = fc.record({
  bound: fc.constantFrom(0, 10),
  idles: fc.boolean(),
  drops: fc.boolean(),
  maxBatch: fc.constantFrom(1, 7, 64, 4096),
  engine: fc.constantFrom('wasm' as const, 'js' as const),
  way: fc.constantFrom('push' as const, 'pushMany' as const),
})

it('the watermark of several inputs is the least of theirs as of each row, in batches of any length, on both engines', async () => {
  const seen = { late: 0, fired: 0 }
  await fc.assert(
    fc.asyncProperty(steps, manners, async (script, manner) => {
      const wanted = model(script, manner)
      expect(await run(script, manner)).toEqual(wanted)
      if (wanted.late > 0) seen.late++
      if (wanted.rows.length > 1) seen.fired++
    }),
    { numRuns: 300 },
  )
  expect(Math.min(seen.late, seen.fired)).toBeGreaterThan(20)
})

describe('inputs', () => {
  const counted = pipeline(events)
    .eventTime('time', { idleness: '1s' })
    .window(tumbling(50))
    .aggregate(() => ({ n: count() }))

  it('without a row hold the watermark back until they are idle', async () => {
    const clock = new VirtualClock(0)
    const sources = [new RemoteSource(), new RemoteSource()]
    const got: number[][] = []
    const job = await counted.run({ clock, sources, sink: row => void got.push([clock.now(), row.windowStart]) })
    sources[0]!.intake.pushMany([
      { time: 10, key: 0 },
      { time: 500, key: 0 },
    ])
    await job.flush()
    expect(job.metrics().currentInputWatermark).toBe(Number.NEGATIVE_INFINITY)
    clock.advance(500)
    sources[0]!.intake.push({ time: 501, key: 0 })
    await job.flush()
    expect(got).toEqual([])
    clock.advance(500)
    expect(got).toEqual([[1_000, 0]])
    expect(job.metrics().currentInputWatermark).toBe(500)
    // All are idle from 1,500 on: it stays.
    clock.advance(5_000)
    expect(job.metrics().currentInputWatermark).toBe(500)
    await job.drain()
  })

  it('that are pushes count from the first one on', async () => {
    const sources = [new RemoteSource()]
    const job = await counted.run({ clock: new VirtualClock(0), sources, sink: () => {} })
    sources[0]!.intake.push({ time: 100, key: 0 })
    await job.flush()
    expect(job.metrics().currentInputWatermark).toBe(99)
    job.push({ time: 150, key: 0 })
    sources[0]!.intake.push({ time: 300, key: 0 })
    await job.flush()
    expect(job.metrics().currentInputWatermark).toBe(149)
    await job.drain()
  })

  it('whose watermarks move with the clock are all moved by it; one that has ended holds nothing back', async () => {
    const clock = new VirtualClock(1_000)
    const sources = [new RemoteSource(), new RemoteSource()]
    const got: number[][] = []
    const job = await pipeline(events)
      .eventTime('time', { watermarks: physical(100) })
      .window(tumbling(50))
      .aggregate(() => ({ n: count() }))
      .run({ clock, sources, sink: row => void got.push([clock.now(), row.windowStart]) })
    sources[0]!.intake.push({ time: 1_000, key: 0 })
    await job.flush()
    clock.advance(500)
    expect(got).toEqual([])
    // The first is at 1,400 by now; this one is led to 1,300.
    sources[1]!.intake.push({ time: 1_400, key: 0 })
    await job.flush()
    expect(got).toEqual([[1_500, 1_000]])
    clock.advance(400)
    expect(got.slice(1)).toEqual([[1_649, 1_400]])
    sources[1]!.end()
    await job.flush()
    // Without the second, at 1,700, the first is all there is: at 1,800.
    sources[0]!.intake.push({ time: 1_800, key: 0 })
    await job.flush()
    expect(job.metrics().currentInputWatermark).toBe(1_800)
    expect(job.counts().numLateRecordsDropped).toBe(0)
    await job.drain()
  })

  it('are those of the source: results of windows have one of their own', async () => {
    const got: number[][] = []
    const job = await pipeline(events)
      .eventTime('time')
      .window(tumbling(10))
      .aggregate(() => ({ n: count() }))
      .eventTime('windowEnd')
      .window(tumbling(100))
      .aggregate(e => ({ n: sum(e.n) }))
      .run({
        sources: [7, 5].map(step => Array.from({ length: 50 }, (_, i) => ({ time: i * step, key: 0 }))),
        sink: row => void got.push([row.windowStart, Number(row.n)]),
      })
    await job.done
    const wanted = [0, 100, 200, 300].map(start => {
      const ends = [7, 5].flatMap(step => Array.from({ length: 50 }, (_, i) => (Math.floor((i * step) / 10) + 1) * 10))
      return [start, ends.filter(end => end >= start && end < start + 100).length]
    })
    expect(got).toEqual(wanted)
  })

  it('that end because the job stops hold the watermark back in the job that goes on from its checkpoint', async () => {
    const store = memoryStore()
    const got: number[] = []
    const start = async (sources: readonly Source[]) =>
      counted.run({
        clock: new VirtualClock(0),
        sources,
        sink: row => void got.push(row.windowStart),
        checkpoint: { store },
        restore: 'latest',
      })
    const [first, second] = [new RemoteSource(), new RemoteSource()]
    const job = await start([first, second])
    first.intake.push({ time: 100, key: 0 })
    second.intake.push({ time: 10, key: 0 })
    await job.stop()
    expect(got).toEqual([])

    const [third, fourth] = [new RemoteSource(), new RemoteSource()]
    const next = await start([third, fourth])
    third.intake.push({ time: 200, key: 0 })
    await next.flush()
    expect(next.metrics().currentInputWatermark).toBe(9)
    fourth.intake.push({ time: 110, key: 0 })
    await next.flush()
    expect(next.metrics().currentInputWatermark).toBe(109)
    expect(got).toEqual([0])
    await next.stop({ drain: false })
  })

  it.each([
    ['alone', false],
    ['with one that it lets through', true],
  ])('with a row that waits are not idle, though a filter takes it out: %s', async (_, isAccompanied) => {
    const clock = new VirtualClock(0)
    const sources = [new RemoteSource(), new RemoteSource()]
    // Rows wait until they are asked for, but where a ring is full or a batch together.
    const job = await pipeline(events, { bufferSize: 64, maxBatch: 64 })
      .filter(e => e.key.eq(0))
      .eventTime('time', { idleness: 30 })
      .window(tumbling(50))
      .aggregate(() => ({ n: count() }))
      .run({ clock, sources, sink: () => {} })
    const [slow, fast] = sources.map(({ intake }) => intake)
    slow!.push({ time: 10, key: 0 })
    await job.flush()
    clock.advance(10)
    fast!.push({ time: 200, key: 0 })
    await job.flush()
    // It waits when the clock comes to where the input has been without a row for long enough.
    slow!.push({ time: 20, key: 1 })
    if (isAccompanied) fast!.push({ time: 210, key: 0 })
    clock.advance(20)
    expect(job.metrics().currentInputWatermark).toBe(9)
    clock.advance(5)
    fast!.push({ time: 220, key: 0 })
    await job.flush()
    clock.advance(25)
    expect(job.metrics().currentInputWatermark).toBe(219)
    await job.drain()
  })

  it('whose watermarks move with the clock go on from where it had moved them when the checkpoint was taken', async () => {
    const got: number[] = []
    const clock = new VirtualClock(1_000)
    const start = (restore?: Uint8Array) =>
      pipeline(events)
        .eventTime('time', { watermarks: physical(0) })
        .window(tumbling(50))
        .aggregate(() => ({ n: count() }))
        .run({ clock, sink: () => void got.push(clock.now()), ...(restore && { restore }) })
    const job = await start()
    job.push({ time: 1_000, key: 0 })
    await job.flush()
    clock.advance(40)
    const { bytes } = await job.checkpoint()
    await job.stop({ drain: false })
    clock.advance(5_000)
    const next = await start(bytes)
    clock.advance(100)
    // At 1,040 the watermark was there, and at 1,049 the window ends.
    expect(got).toEqual([6_049])
    await next.drain()
  })

  it('that end have been moved by the clock up to there, though nothing fired', async () => {
    const clock = new VirtualClock(1_000)
    const sources = [new RemoteSource(), new RemoteSource()]
    const job = await pipeline(events)
      .eventTime('time', { watermarks: physical(0), idleness: 20 })
      .window(tumbling(50))
      .aggregate(() => ({ n: count() }))
      .run({ clock, sources, sink: () => {} })
    clock.advance(10)
    sources[0]!.intake.push({ time: 10, key: 0 })
    await job.flush()
    // The second is idle from 1,020 on: the first alone leads, to 20 at that instant and to 25 before it ends.
    clock.advance(15)
    sources[0]!.end()
    for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    expect(job.metrics().currentInputWatermark).toBe(25)
    await job.drain()
  })

  it('are told in explain(), and refused as no length of time', () => {
    expect(counted.explain()).toContain('late by up to 0ms, inputs idle after 1s')
    expect(() => pipeline(events).eventTime('time', { idleness: 0 })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })
})
