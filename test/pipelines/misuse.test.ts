import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../src/checkpoint/memory-store.ts'
import { StateManager } from '../../src/checkpoint/state-manager.ts'
import { csvSource, ndjsonSource } from '../../src/connector/byte-source.ts'
import { interval } from '../../src/connector/interval-source.ts'
import { fromEventTarget } from '../../src/connector/listener-source.ts'
import { fromObservable } from '../../src/connector/observable.ts'
import { ProcessorChain } from '../../src/connector/processor-chain.ts'
import { csvSink, ndjsonSink } from '../../src/connector/text-sink.ts'
import { EventfluxError } from '../../src/errors.ts'
import { count } from '../../src/expression/aggregates.ts'
import { ema } from '../../src/expression/change-aggregates.ts'
import { collect } from '../../src/expression/choice-aggregates.ts'
import { percentile } from '../../src/expression/distribution-aggregates.ts'
import { when } from '../../src/expression/functions.ts'
import { desc } from '../../src/expression/ordering.ts'
import { PipelineMetrics } from '../../src/metrics/pipeline-metrics.ts'
import { fileSink } from '../../src/node/file-sink.ts'
import { loggedSource } from '../../src/node/logged-source.ts'
import { createRuntime, pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import { punctuated } from '../../src/plan/watermarks.ts'
import { SharedEventPool } from '../../src/queues/shared-event-pool.ts'
import { SharedEventQueue } from '../../src/queues/shared-event-queue.ts'
import { EventPool } from '../../src/runtime/event-pool.ts'
import { EventQueue } from '../../src/runtime/event-queue.ts'
import { streamSource } from '../../src/runtime/stream-source.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { calendar } from '../../src/time/calendar-windows.ts'
import { globalWindow } from '../../src/time/global-windows.ts'
import { session, slidingPerEvent } from '../../src/time/session-windows.ts'
import { everyInterval, everyRows } from '../../src/time/triggers.ts'
import { length } from '../../src/time/window-kinds/length.ts'
import { cumulate, hopping, tumbling } from '../../src/time/windows.ts'

// What a program without types gets wrong: an error with a code that names it, never a `TypeError` from within, nothing
// that is passed over in silence, and nothing that waits for good.

// biome-ignore lint/suspicious/noExplicitAny: what a caller without types can write
type Untyped = any

const readings = schema({ time: timestamp(), sensor: utf8(), celsius: f64() })
const start: Untyped = pipeline(readings)
const timed: Untyped = pipeline(readings).eventTime('time')
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

describe('operands', () => {
  it('that do not fit are told with the column they stand beside', () => {
    expect(() => start.filter((e: Untyped) => e.celsius.gt('5'))).toThrow(
      'gt takes numbers or i64 or timestamps, not f64 (celsius) with utf8',
    )
  })

  it('of a comparison are not null', () => {
    for (const method of ['eq', 'ne', 'gt', 'ge', 'lt', 'le'])
      expect(() => start.filter((e: Untyped) => e.celsius[method](null))).toThrow(
        /for every row: write isNull\(\) or isNotNull\(\)/,
      )
  })
})

describe('windows without number', () => {
  it('that one row would belong to are refused', () => {
    expect(hopping(1_000_000, 1).sizeMs).toBe(1_000_000)
    expect(() => hopping('365d', 1)).toThrow(
      'A slide of 1ms puts a row into 31,536,000,000 windows; they are at most 1,000,000',
    )
    expect(() => cumulate(1, 2_000_000)).toThrow('A step of 1ms puts a row into 2,000,000 windows')
    const plan = JSON.parse(JSON.stringify(timed.window(hopping(10, 1)).aggregate(() => ({ n: count() }))))
    plan.nodes[1].window.sizeMs = 2 ** 50
    expect(() => pipelineFromJSON(plan)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', at: 'slide' }))
  })
})

describe('a step that can not stand where it is', () => {
  const rows: Untyped = start.window(length(2))
  const uses: Record<string, readonly [step: string, next: RegExp, use: () => unknown]> = {
    'run of a window': ['run', /\.aggregate\(…\) or \.topRows\(…\) comes next/, () => windowed.run()],
    'explain of a window': ['explain', /\.aggregate/, () => windowed.explain()],
    'a key behind a window': ['keyBy', /behind \.window\(…\)/, () => windowed.keyBy('sensor')],
    'a filter behind a window': ['filter', /\.aggregate/, () => windowed.filter((e: Untyped) => e.celsius.gt(1))],
    'a window of a window': ['window', /\.aggregate/, () => windowed.window(tumbling('1m'))],
    'run of a window over rows': ['run', /\.aggregate\(…\) or \.rows\(…\) comes next/, () => rows.run()],
    'the first rows of a window over rows': ['topRows', /\.rows/, () => rows.topRows(1, () => undefined)],
    'run behind keyBy': ['run', /\.window\(…\) comes next/, () => timed.keyBy('sensor').run()],
    'a second keyBy': ['keyBy', /\.window\(…\) comes next/, () => timed.keyBy('sensor').keyBy('celsius')],
    'aggregate without a window': [
      'aggregate',
      /stands behind \.window/,
      () => timed.aggregate(() => ({ n: count() })),
    ],
    'a second aggregate': ['aggregate', /once for each/, () => counted.aggregate(() => ({ n: count() }))],
  }
  it.each(Object.entries(uses))('says so, and what comes next: %s', (_, [step, next, use]) => {
    expect(use).toThrow(
      expect.objectContaining({ code: 'PLAN_INVALID', at: step, message: expect.stringMatching(next) }),
    )
  })

  it('is said of each there is', () => {
    const steps = [start, Object.getPrototypeOf(start), windowed, rows, timed.keyBy('sensor')].flatMap(builder =>
      Object.getOwnPropertyNames(Object.getPrototypeOf(builder)),
    )
    const unfit = ['constructor', 'toJSON', 'withPlan', 'withStep']
    for (const step of new Set(steps.filter(name => !unfit.includes(name))))
      for (const builder of [start, windowed, rows, timed.keyBy('sensor')])
        expect(builder[step], step).toBeTypeOf('function')
    expect(Object.keys(windowed)).toEqual(['pipeline', 'keys', 'spec'])
  })
})

describe('what is no expression', () => {
  it.each([
    ['braces without return', () => undefined, /a function with braces returns/],
    ['an aggregate that is not called', () => ({ n: count }), /call it, as in count\(\)/],
    [
      'cases without an end',
      (e: Untyped) => ({ n: when(e.celsius.gt(1), 1) }),
      /end the cases with \.otherwise\(value\)/,
    ],
    ['a JavaScript comparison', () => ({ n: true }), /write e\.price\.gt\(100\)/],
  ])('is told what to write: %s', (name, results: Untyped, message) => {
    const use = () => (name.startsWith('braces') ? start.filter(results) : windowed.aggregate(results))
    expect(use).toThrow(
      expect.objectContaining({ code: 'EXPRESSION_INVALID', message: expect.stringMatching(message) }),
    )
  })

  it('is no key either', () => {
    expect(() => start.keyBy('sensr')).toThrow('There is no column "sensr" to key by, only time, sensor, celsius')
    expect(() => start.keyBy(['sensor'])).toThrow('keyBy takes names of columns, one by one, not an array of 1')
    expect(() => start.eventTime('tim')).toThrow('There is no column "tim" to take the event time from, only time')
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

describe('a job', () => {
  it.each<readonly [at: string | undefined, use: (job: Untyped) => unknown]>([
    ['stop', job => job.stop(true)],
    ['drian', job => job.stop({ drian: false })],
    ['timeoutMs', job => job.stop({ timeoutMs: '5s' })],
    ['timeoutMs', job => job.stop({ timeoutMs: Number.NaN })],
    ['onState', job => job.onState(5)],
    ['onGrow', job => job.onGrow({})],
    ['onPressure', job => job.onPressure('full')],
  ])('refuses what is no option and no listener (%s), and goes on', async (at, use) => {
    const job = await start.run({ sink: [] })
    expect(() => use(job)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', at }))
    expect(job.state).toBe('running')
    await job.stop()
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
    'a checkpoint that is a store': ['name', { checkpoint: memoryStore() }],
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

describe('an option that is not there', () => {
  const other = { nothing: 1 }
  const point = schema({ x: f64() })
  const queueOf = (backpressure: Untyped) => new EventQueue({ capacity: 1, backpressure })
  const uses: Record<string, () => unknown> = {
    pipeline: () => pipeline(readings, other as Untyped),
    pipelineFromJSON: () => pipelineFromJSON(JSON.stringify(counted), other as Untyped),
    eventTime: () => start.eventTime('time', other),
    tumbling: () => tumbling('1m', other as Untyped),
    hopping: () => hopping('1m', '1s', other as Untyped),
    cumulate: () => cumulate('1s', '1m', other as Untyped),
    session: () => session('1m', other as Untyped),
    slidingPerEvent: () => slidingPerEvent('1m', other as Untyped),
    calendar: () => calendar('day', { zone: 'UTC', ...other } as Untyped),
    globalWindow: () => globalWindow({ trigger: everyRows(3), ...other } as Untyped),
    everyInterval: () => everyInterval('1s', other as Untyped),
    early: () => tumbling('1m', { early: { every: '5s', ...other } as Untyped }),
    length: () => length(2, other as Untyped),
    topN: () => counted.topN(1, (r: Untyped) => desc(r.n), other),
    limit: () => counted.limit(1, other),
    topRows: () => windowed.topRows(1, (e: Untyped) => desc(e.celsius), other),
    output: () => start.output('last', { every: '1s', ...other }),
    rows: () => start.window(length(2)).rows(other),
    aggregate: () => start.window(length(2)).aggregate(() => ({ n: count() }), other),
    mapRows: () => start.mapRows(readings, (row: unknown) => row, other),
    percentile: () => windowed.aggregate((e: Untyped) => ({ x: percentile(e.celsius, 0.5, other as Untyped) })),
    ema: () => windowed.aggregate((e: Untyped) => ({ x: ema(e.celsius, { alpha: 0.5, ...other } as Untyped) })),
    collect: () => windowed.aggregate((e: Untyped) => ({ x: collect(e.celsius, other as Untyped) })),
    floorTo: () => start.project((e: Untyped) => ({ x: e.time.floorTo('1h', other) })),
    EventQueue: () => new EventQueue({ capacity: 1, maxMemory: 2 ** 20 } as Untyped),
    'EventQueue.rows': () => EventQueue.rows(point, { capacity: 1, ...other } as Untyped),
    EventPool: () => new EventPool(point, { capacity: 1, ...other } as Untyped),
    SharedEventQueue: () => SharedEventQueue.numbers({ capacity: 1, ...other } as Untyped),
    SharedEventPool: () => SharedEventPool.create(point, { capacity: 1, ...other } as Untyped),
    streamSource: () => streamSource('taps', other as Untyped),
    ProcessorChain: () => new ProcessorChain([], other as Untyped),
    PipelineMetrics: () => new PipelineMetrics(other as Untyped),
    StateManager: () => new StateManager({ store: memoryStore(), ...other } as Untyped),
    'the strategy "block"': () => queueOf({ kind: 'block', timeout: 5 }),
    'the strategy "backoff"': () =>
      queueOf({ kind: 'backoff', initialMs: 1, factor: 2, maxMs: 4, attempts: 2, ...other }),
    ndjsonSource: () => ndjsonSource('', readings, other as Untyped),
    csvSource: () => csvSource('', readings, { timestamp: 'iso' } as Untyped),
    ndjsonSink: () => ndjsonSink([], other as Untyped),
    csvSink: () => csvSink([], other as Untyped),
    interval: () => interval(1, () => row, other as Untyped),
    fromEventTarget: () => fromEventTarget(new EventTarget(), 'x', undefined, other as Untyped),
    fromObservable: () => fromObservable({ subscribe: () => ({ unsubscribe() {} }) }, other as Untyped),
    fileSink: () => fileSink('rows.ndjson', { exactlyonce: true } as Untyped),
    loggedSource: () => loggedSource([], 'log', { fsync: 'each' } as Untyped),
  }
  for (const [owner, use] of Object.entries(uses))
    it(`is refused by ${owner}`, () => {
      expect(use).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(/no option "\w+"[,;]/) }),
      )
    })

  const ofRun: Record<string, unknown> = {
    checkpoint: { store: memoryStore(), everyMS: 5 },
    restart: { attempt: 3 },
    restore: { from: memoryStore(), fallback: true },
    'errors.sink': { kind: 'retry', attempts: 1, initialMs: 1, factor: 1, maxMs: 1, otherwise: 'skip', max: 3 },
    'errors.source': { kind: 'deadLetter', sink: () => {}, retries: 3 },
  }
  for (const [owner, options] of Object.entries(ofRun))
    it(`is refused by run, in ${owner}`, async () => {
      const [name, stage] = owner.split('.') as [string, string | undefined]
      await expect(start.run({ [name]: stage === undefined ? options : { [stage]: options } })).rejects.toMatchObject({
        code: 'OPTION_INVALID',
        message: expect.stringContaining('no option'),
      })
    })

  it('is refused by createRuntime', async () => {
    await expect(createRuntime({ thread: 2 } as Untyped)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      at: 'thread',
    })
  })

  it('is an error of types too, where options are inferred', () => {
    // @ts-expect-error allowedLatenes
    expect(() => tumbling('1m', { offset: '1s', allowedLatenes: '10s' })).toThrow(EventfluxError)
    // @ts-expect-error touched
    expect(() => session('1m', { touch: 'split', touched: 1 })).toThrow(EventfluxError)
    // @ts-expect-error purges
    expect(() => globalWindow({ trigger: everyRows(3), purges: true })).toThrow(EventfluxError)
  })
})
