import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeNdjson } from '../../src/connector/ndjson-encoder.ts'
import type { Source } from '../../src/connector/source.ts'
import { EventfluxError } from '../../src/errors.ts'
import { count, first, last, max, sum } from '../../src/expression/aggregates.ts'
import type { ColumnBlock } from '../../src/memory/column-input.ts'
import { pipeline } from '../../src/packaged.ts'
import type { Pipeline } from '../../src/pipeline.ts'
import { bool, f32, f64, i32, i64, timestamp, u32, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { record } from '../../src/testing/record.ts'
import { replay } from '../../src/testing/replay.ts'
import { session } from '../../src/time/session-windows.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { time } from '../../src/time/window-kinds/time.ts'
import { timeBatch } from '../../src/time/window-kinds/time-batch.ts'
import { tumbling } from '../../src/time/windows.ts'

const everything = schema({
  time: timestamp(),
  key: utf8(),
  f: f64().nullable(),
  g: f32().nullable(),
  i: i32().nullable(),
  u: u32().nullable(),
  big: i64().nullable(),
  yes: bool().nullable(),
  text: utf8().nullable(),
})
type Event = Parameters<Awaited<ReturnType<ReturnType<typeof start>['run']>>['push']>[0]
const start = () => pipeline(everything)
const timed = start().eventTime('time', { outOfOrdernessMs: 50 })

// biome-ignore lint/suspicious/noExplicitAny: pipelines of whatever results
const PIPELINES: Readonly<Record<string, Pipeline<any, any, (typeof everything)['types']>>> = {
  'rows as they are': start(),
  'tumbling windows, late rows to a branch': timed
    .keyBy('key')
    .window(tumbling(100, { lateTo: 'late' }))
    .aggregate(e => ({ n: count(), total: sum(e.f), high: max(e.big), text: last(e.text) })),
  sessions: timed
    .keyBy('key')
    .window(session(40))
    .aggregate(e => ({ n: count(), from: first(e.text) })),
  'batches by the clock': start()
    .keyBy('key')
    .window(timeBatch(100))
    .aggregate(() => ({ n: count() })),
  'sliding windows by the clock': start()
    .window(time(150, { output: 'all' }))
    .rows(),
}

const nullable = <V>(values: fc.Arbitrary<V>) => fc.option(values, { nil: null })
const events = fc.record({
  time: fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: -100, max: 2_000 })),
  key: fc.constantFrom('a', 'b', '\ud800', '"'),
  f: nullable(
    fc.oneof(fc.double(), fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)),
  ),
  g: nullable(fc.float()),
  i: nullable(fc.integer()),
  u: nullable(fc.nat()),
  big: nullable(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n })),
  yes: nullable(fc.boolean()),
  text: nullable(fc.string({ unit: 'binary' })),
}) as fc.Arbitrary<Event>
const steps = fc.array(
  fc.record({
    advanceMs: fc.constantFrom(0, 0, 1, 30, 100, 333),
    way: fc.constantFrom('push', 'tryPush', 'pushMany', 'pushColumns'),
    events: fc.array(events, { maxLength: 6 }),
  }),
  { maxLength: 12 },
)

const columnsOf = (rows: readonly Event[]): ColumnBlock =>
  Object.fromEntries(Object.keys(rows[0]!).map(name => [name, rows.map(row => row[name as keyof Event])])) as never

const textOf = (rows: readonly unknown[]): string => rows.map(row => encodeNdjson(row as object)).join('\n')

describe('a recording', () => {
  it.each(Object.keys(PIPELINES))(
    'gives the same result bytes again, on any engine, in any batches: %s',
    async name => {
      const made = PIPELINES[name]!
      await fc.assert(
        fc.asyncProperty(steps, fc.boolean(), fc.constantFrom(1, 3, 64), async (script, drains, batchSize) => {
          const clock = new VirtualClock(7)
          const lines: string[] = []
          const rows: unknown[] = []
          const late: unknown[] = []
          const tellsLate = JSON.stringify(made).includes('"lateTo":"late"')
          const job = await made.run({ clock, sink: rows, ...(tellsLate && { sinks: { late } }) })
          const input = record(made, line => lines.push(line), { clock }).job(job)
          for (const { advanceMs, way, events } of script) {
            clock.advance(advanceMs)
            if (way === 'push') for (const event of events) input.push(event)
            else if (way === 'tryPush') for (const event of events) input.tryPush(event)
            else if (way === 'pushMany') input.pushMany(events)
            else if (events.length > 0) input.pushColumns(columnsOf(events))
            await job.flush()
          }
          clock.advance(500)
          if (drains) await input.drain()
          else input.push({ time: 5_000, key: 'end' })
          await job.flush()
          const { offered, numLateRecordsDropped } = job.counts()
          for (const engine of ['wasm', 'js'] as const) {
            const again = await replay(made, lines, { engine, batchSize })
            expect(textOf(again.rows)).toBe(textOf(rows))
            expect(textOf(again.branches.late ?? [])).toBe(textOf(late))
            expect(again.counts).toMatchObject({ offered, accepted: offered, numLateRecordsDropped })
          }
          expect((await replay(made, `${lines.join('\n')}\n`)).rows).toEqual(rows)
          await job.stop({ drain: false })
        }),
        { numRuns: 12 },
      )
    },
  )

  it('keeps the order of several sources, and their ends', async () => {
    const numbers = schema({ id: i32() })
    /** Gives an event at each of these instants. */
    const at = (name: string, instants: readonly number[]): Source<{ id: number }> => ({
      metadata: { name, kind: 'test', replayable: false, bounded: true },
      async run(intake) {
        for (const instant of instants) {
          const delayMs = instant - intake.clock.now()
          await new Promise<void>(resolve => intake.clock.after(delayMs, resolve))
          intake.push({ id: instant })
        }
      },
    })
    const clock = new VirtualClock(0)
    const lines: string[] = []
    const rows: unknown[] = []
    const made = pipeline(numbers).window(timeBatch(10)).rows()
    const recorder = record(made, line => lines.push(line), { clock })
    const sources = [
      recorder.source(at('slow', [5, 25, 45])),
      recorder.source(at('fast', [4, 6, 8])),
      recorder.source(at('fast', [7])),
    ]
    const job = await made.run({ sources, sink: rows, clock })
    for (let ms = 0; ms < 60; ms++) {
      clock.advance(1)
      await new Promise(resolve => setImmediate(resolve))
    }
    await job.done
    expect(
      lines.slice(1).map(line => Object.values(JSON.parse(line)).map(value => (value as { id?: number }).id ?? value)),
    ).toEqual([
      [0, 'slow', 'open'],
      [0, 'fast', 'open'],
      [0, 'fast 2', 'open'],
      [4, 'fast', 4],
      [5, 'slow', 5],
      [6, 'fast', 6],
      [7, 'fast 2', 7],
      [7, 'fast 2', 'ended'],
      [8, 'fast', 8],
      [8, 'fast', 'ended'],
      [25, 'slow', 25],
      [45, 'slow', 45],
      [45, 'slow', 'ended'],
    ])
    expect((await replay(made, lines)).rows).toEqual(rows)
    expect(rows).toHaveLength(6)
  })

  it('leaves out what was refused, and writes down what waited in the order of its turn', async () => {
    const numbers = schema({ id: i32() })
    const free: (() => void)[] = []
    const clock = new VirtualClock(0)
    const lines: string[] = []
    const backpressure = { kind: 'block', timeoutMs: 50 } as const
    const made = pipeline(numbers, { bufferSize: 2, maxBatch: 1, backpressure })
    const taken: number[] = []
    const job = await made.run({
      clock,
      sink: row => {
        taken.push(row.id)
        return new Promise<void>(resolve => free.push(resolve))
      },
    })
    const input = record(made, line => lines.push(line), { clock }).job(job)
    const first = input.pushMany([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }])
    clock.advance(10)
    const second = input.push({ id: 5 })
    expect(input.tryPush({ id: 6 })).toBe(false)
    clock.advance(45)
    expect(await first).toMatchObject({ reason: 'timeout' })
    const third = input.push({ id: 7 })
    for (let turn = 0; turn < 20; turn++) {
      free.shift()?.()
      await new Promise(resolve => setImmediate(resolve))
    }
    expect([await second, await third]).toEqual([true, true])
    const written = lines.filter(line => line.includes('event')).map(line => JSON.parse(line).event.id)
    expect(written).toEqual(taken)
    expect(written).not.toContain(6)
    const { rows } = await replay(made, lines)
    expect(rows.map(({ id }) => id)).toEqual(taken)
    await job.stop({ drain: false })
  })

  it('says what was passed over, and leaves out what was thrown back', async () => {
    const numbers = schema({ id: i32() })
    const bad = { id: 1.5 }
    const lines: string[] = []
    const made = pipeline(numbers)
    const strict = await made.run({ sink: [] })
    const recorder = record(made, line => lines.push(line))
    const input = recorder.job(strict)
    input.push({ id: 1 })
    expect(() => input.push(bad)).toThrow(EventfluxError)
    expect(() => input.pushMany([{ id: 2 }, bad, { id: 3 }])).toThrow(EventfluxError)
    await input.drain()
    expect(await replay(made, lines)).toMatchObject({ rows: [{ id: 1 }, { id: 2 }], counts: { invalid: 0 } })

    lines.length = 0
    const lenient = await made.run({ sink: [], errors: { source: 'skip' } })
    const passing = record(made, line => lines.push(line)).job(lenient)
    passing.pushMany([{ id: 2 }, bad, { id: 3 }])
    await passing.drain()
    expect(await replay(made, lines, { errors: { source: 'skip' } })).toMatchObject({
      rows: [{ id: 2 }, { id: 3 }],
      counts: { invalid: 1 },
    })
    await expect(replay(made, lines)).rejects.toMatchObject({ code: 'EVENT_INVALID' })
  })

  it('takes columns of every form', async () => {
    const made = pipeline(everything)
    const lines: string[] = []
    const rows: unknown[] = []
    const job = await made.run({ sink: rows })
    const input = record(made, line => lines.push(line)).job(job)
    input.pushColumns({
      time: Float64Array.of(1, 2),
      key: { codes: Uint8Array.of(1, 0), dictionary: ['x', 'y'] },
      f: { values: Float32Array.of(0.1, 9), valid: Uint8Array.of(1) },
      big: BigInt64Array.of(-1n, 2n ** 62n),
      yes: Uint8Array.of(1, 0),
      text: { codes: [-1, 0], dictionary: ['ü'] },
    })
    expect(() => input.pushColumns({ time: [3, 4], key: ['a'] })).toThrow(EventfluxError)
    expect(() => input.pushColumns({ time: [3, 4.5, 5], key: ['a', 'b', 'c'] })).toThrow(EventfluxError)
    expect(input.pushColumns({ time: [6], key: ['a'], other: [1, 2] })).toBe(true)
    expect(() => input.pushColumns({ time: null, key: null } as never)).toThrow(EventfluxError)
    await input.drain()
    expect(rows).toHaveLength(4)
    expect((await replay(made, lines)).rows).toEqual(rows)
  })

  it('fails again with what the job failed with', async () => {
    const doubled = pipeline(schema({ id: i64() })).project(e => ({ twice: e.id.mul(2n) }))
    const lines: string[] = []
    const job = await doubled.run({ sink: [] })
    const input = record(doubled, line => lines.push(line)).job(job)
    input.push({ id: 2n ** 62n })
    await expect(job.done).rejects.toMatchObject({ code: 'OVERFLOW' })
    await expect(replay(doubled, lines)).rejects.toMatchObject({ code: 'OVERFLOW' })
  })

  it('is read from any lines, and needs no events', async () => {
    const made = pipeline(schema({ id: i32() }))
    const lines: string[] = []
    record(made, line => lines.push(line))
    expect((await replay(made, lines)).rows).toEqual([])
    async function* later() {
      yield* lines
    }
    expect((await replay(made, later())).rows).toEqual([])
  })
})

describe('a recording that is broken', () => {
  const made = pipeline(schema({ id: i32(), big: i64().nullable(), x: f64().nullable() }))
  const header =
    '{"recording":1,"startMs":5,"columns":[{"name":"id","type":"i32","nullable":false},{"name":"big","type":"i64","nullable":true},{"name":"x","type":"f64","nullable":true}]}'
  const open = '{"at":5,"input":"a","is":"open"}'
  const event = (text: string) => `{"at":6,"input":"a","event":${text}}`

  it('is read when it is not', async () => {
    const lines = [header, open, event('{"id":1,"big":"-9223372036854775808","x":"NaN"}'), '', event('{"id":2,"x":-0}')]
    expect((await replay(made, lines)).rows).toEqual([
      { id: 1, big: -(2n ** 63n), x: Number.NaN },
      { id: 2, big: null, x: -0 },
    ])
  })

  it.each([
    ['nothing at all', [''], 1],
    ['no header', [open], 1],
    ['another version', [header.replace('1', '2')], 1],
    ['other columns', [header.replace('i32', 'u32')], 1],
    ['a start that is no instant', [header.replace('5', '0.5')], 1],
    ['no JSON', [header, open, '{'], 3],
    ['JSON too deep', [header, '['.repeat(200_000)], 2],
    ['no object', [header, '[1]'], 2],
    ['an instant before the last', [header, open, '{"at":4,"input":"a","is":"ended"}'], 3],
    ['an instant that is none', [header, '{"at":"5","input":"a","is":"open"}'], 2],
    ['an instant out of range', [header, '{"at":1e300,"input":"a","is":"open"}'], 2],
    ['no input', [header, '{"at":5,"is":"open"}'], 2],
    ['an input that is not open', [header, event('{"id":1}')], 2],
    ['an input that has ended', [header, open, '{"at":5,"input":"a","is":"ended"}', '', event('{"id":1}')], 5],
    ['an input that opens twice', [header, open, open], 3],
    ['an input that ends before it opens', [header, '{"at":5,"input":"a","is":"ended"}'], 2],
    ['a state that is none', [header, '{"at":5,"input":"a","is":"shut"}'], 2],
    ['nothing that came', [header, open, '{"at":5,"input":"a"}'], 3],
    ['two things that came', [header, open, '{"at":5,"input":"a","event":{"id":1},"is":"ended"}'], 3],
    ['something it does not know', [header, open, '{"at":5,"input":"a","other":1}'], 3],
    ['an event that is none', [header, open, event('[1]')], 3],
    ['a column that lacks its value', [header, open, event('{"x":1}')], 3],
    ['a column that the pipeline lacks', [header, open, event('{"id":1,"y":1}')], 3],
    ['a prototype', [header, open, event('{"id":1,"__proto__":{"x":1}}')], 3],
    ['a null that is written', [header, open, event('{"id":null}')], 3],
    ['a value of another type', [header, open, event('{"id":"1"}')], 3],
    ['an integer out of range', [header, open, event('{"id":2147483648}')], 3],
    ['a big integer out of range', [header, open, event('{"id":1,"big":"9223372036854775808"}')], 3],
    ['a big integer as a number', [header, open, event('{"id":1,"big":1}')], 3],
    ['a text for a number', [header, open, event('{"id":1,"x":"1"}')], 3],
    ['an invalid that is no text', [header, open, '{"at":5,"input":"a","invalid":1}'], 3],
  ] as const)('names the line: %s', async (_, lines, line) => {
    await expect(replay(made, lines)).rejects.toMatchObject({ code: 'DECODE_FAILED', at: `line ${line}` })
  })

  it('is refused or read, whatever is changed in it', async () => {
    const text = [
      header,
      open,
      event('{"id":1,"big":"12","x":"NaN"}'),
      event('{"id":2}'),
      '{"at":9,"input":"a","is":"ended"}',
    ].join('\n')
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length), fc.nat(4), fc.string({ maxLength: 3 }), async (at, removed, added) => {
        const changed = text.slice(0, at) + added + text.slice(at + removed)
        const error: unknown = await replay(made, changed, { engine: 'js' }).then(
          () => undefined,
          error => error,
        )
        if (error !== undefined)
          expect(error).toMatchObject({ code: 'DECODE_FAILED', at: expect.stringMatching(/^line \d+$/) })
      }),
      { numRuns: 200 },
    )
  })
})
