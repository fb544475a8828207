import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/checkpoint/memory-store.ts'
import { StateManager } from '../../src/checkpoint/state-manager.ts'
import { EventfluxError } from '../../src/errors.ts'
import { count } from '../../src/expression/aggregates.ts'
import { desc } from '../../src/expression/ordering.ts'
import { pipeline } from '../../src/packaged.ts'
import { punctuated } from '../../src/plan/watermarks.ts'
import { EventQueue } from '../../src/runtime/event-queue.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { length } from '../../src/time/window-kinds/length.ts'
import { tumbling } from '../../src/time/windows.ts'

// What a program without types gets wrong: an error with a code that names it, never a `TypeError` from within, nothing
// that is passed over in silence, and nothing that waits for good.

// biome-ignore lint/suspicious/noExplicitAny: what a caller without types can write
type Untyped = any

const readings = schema({ time: timestamp(), sensor: utf8(), celsius: f64() })
const start: Untyped = pipeline(readings)
const windowed: Untyped = pipeline(readings).eventTime('time').keyBy('sensor').window(tumbling('1m'))
const counted: Untyped = pipeline(readings)
  .eventTime('time')
  .keyBy('sensor')
  .window(tumbling('1m'))
  .aggregate(() => ({ n: count() }))
const row = { time: 0, sensor: 'a', celsius: 20 }

describe('a column that is not there', () => {
  const uses: Record<string, () => unknown> = {
    filter: () => start.filter((e: Untyped) => e.celcius.gt(1)),
    project: () => start.project((e: Untyped) => ({ x: e.celcius })),
    aggregate: () => windowed.aggregate((e: Untyped) => ({ x: e.celcius.max() })),
    topN: () => counted.topN(1, (r: Untyped) => desc(r.celcius)),
    punctuated: () => start.eventTime('time', { watermarks: punctuated((e: Untyped) => e.celcius.gt(1)) }),
    'rows of a window': () => start.window(length(2)).aggregate((_: Untyped, row: Untyped) => ({ x: row.celcius })),
  }
  for (const [where, use] of Object.entries(uses))
    it(`is named, beside those that are, in ${where}`, () => {
      expect(use).toThrow(
        expect.objectContaining({
          code: 'EXPRESSION_INVALID',
          at: 'celcius',
          message: expect.stringMatching(/^There is no column "celcius" here, only .*(time|windowStart)/),
        }),
      )
    })

  it('is undefined to what the language itself asks for, and columns can be spread', async () => {
    let columns: Untyped
    const spread = start.project((e: Untyped) => {
      columns = e
      return { ...e, fahrenheit: e.celsius.mul(1.8).add(32) }
    })
    expect(spread.outputSchema.fields.map((field: Untyped) => field.name)).toEqual([...Object.keys(row), 'fahrenheit'])
    expect(await columns).toBe(columns)
    expect(Object.keys(JSON.parse(JSON.stringify(columns)))).toEqual(Object.keys(row))
    expect('celcius' in columns).toBe(false)
  })
})

describe('something else where a function belongs', () => {
  const uses: Record<string, () => unknown> = {
    filter: () => start.filter('celsius > 5'),
    project: () => start.project({ x: 1 }),
    aggregate: () => windowed.aggregate({ n: count() }),
    orderBy: () => counted.orderBy('n'),
    topN: () => counted.topN(3, 'n'),
    topRows: () => windowed.topRows(3),
    having: () => start.window(length(2)).aggregate(() => ({ n: count() }), { having: 'n > 1' }),
  }
  for (const [method, use] of Object.entries(uses))
    it(`is refused by ${method}`, () => {
      expect(use).toThrow(
        expect.objectContaining({ code: 'EXPRESSION_INVALID', message: expect.stringMatching(method) }),
      )
    })

  it('is refused by tee', () => {
    expect(() => start.tee('side', 'rows')).toThrow(expect.objectContaining({ code: 'PLAN_INVALID', at: 'side' }))
  })
})

describe('run', () => {
  const wrong: Record<string, readonly [at: string | undefined, options: unknown]> = {
    'options that are no object': ['run', 5],
    null: ['run', null],
    'a misspelt option': ['snik', { snik: [] }],
    'a sink and onBatch': ['onBatch', { sink: [], onBatch() {} }],
    'a sink of a branch that is not there': ['sinks', { sinks: { side: [] } }],
    'sources that are no array': ['sources', { sources: new Set([[row]]) }],
    'no clock': ['clock', { clock: {} }],
    'no signal': ['signal', { signal: 5 }],
    'no rows ahead': ['readAhead', { readAhead: 0 }],
    'no function for random numbers': ['random', { random: 0.5 }],
    'a checkpoint without a store': ['store', { checkpoint: { everyMs: 5 } }],
    'a store that is none': ['store', { checkpoint: { store: {} } }],
    'a checkpoint that is a store': ['store', { checkpoint: memoryStore() }],
  }
  for (const [what, [at, options]] of Object.entries(wrong))
    it(`refuses ${what}`, async () => {
      await expect(start.run(options)).rejects.toMatchObject({ code: 'OPTION_INVALID', at })
    })

  it('names the branches there are', async () => {
    const branched = pipeline(readings).tee('side', rows => rows)
    await expect(branched.run({ sinks: { side: [], sdie: [] } })).rejects.toThrow(
      'the pipeline has no branch "sdie" to give a sink to; its branches are side',
    )
  })
})

describe('pushMany', () => {
  const wrong = [
    null,
    undefined,
    5,
    'abc',
    new Set([row]),
    { length: 3 },
    { length: -1 },
    [row].values(),
    new DataView(new ArrayBuffer(8)),
  ]
  for (const events of wrong)
    it(`of ${Object.prototype.toString.call(events)} is refused, and what comes after is not`, async () => {
      const job = await start.run({ sink: [] })
      expect(() => job.pushMany(events)).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }))
      expect(job.pushMany([row])).toBe(true)
      expect(await job.drain()).toMatchObject({ offered: 1, delivered: 1 })
      const queue: Untyped = new EventQueue<number>(2)
      expect(() => queue.pushMany(events)).toThrow(expect.objectContaining({ code: 'EVENT_INVALID' }))
      expect(queue.pushMany([1])).toBe(true)
    })

  it('takes a typed array where events are numbers', () => {
    const queue: Untyped = EventQueue.numbers(4)
    expect(queue.pushMany(Float64Array.of(1, 2))).toBe(true)
    expect(queue.drain()).toEqual([1, 2])
  })
})

describe('a strategy that is null', () => {
  it('is not the default', () => {
    const refused = expect.objectContaining({ code: 'OPTION_INVALID', at: 'backpressure' })
    expect(() => pipeline(readings, { backpressure: null as never })).toThrow(refused)
    expect(() => new EventQueue({ capacity: 1, backpressure: null as never })).toThrow(refused)
  })
})

describe('a state manager', () => {
  it('refuses what is no store', () => {
    for (const store of [undefined, null, 'files', { ...memoryStore(), put: undefined }])
      expect(() => new StateManager({ store: store as never })).toThrow(EventfluxError)
  })
})
