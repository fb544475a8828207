import { describe, expect, it } from 'vitest'
import { count, max, sum } from '../../src/expression/aggregates.ts'
import type { NumberExpression } from '../../src/expression/expression.ts'
import { lit } from '../../src/expression/functions.ts'
import { pipeline } from '../../src/packaged.ts'
import { Pipeline } from '../../src/pipeline.ts'
import { bool, f64, i32, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'

const trades = schema({
  time: timestamp(),
  symbol: utf8(),
  price: f64(),
  size: i32(),
  at: timestamp().nullable(),
  open: bool(),
})
const stream = pipeline(trades).eventTime('time', { outOfOrdernessMs: 500 })
const volume = stream
  .filter(e => e.size.gt(0))
  .project(e => ({ symbol: e.symbol, notional: e.price.mul(e.size), size: e.size }))
  .keyBy('symbol')
  .window(tumbling('1m'))
  .aggregate(e => ({ trades: count(), high: max(e.notional), vwap: sum(e.notional).div(sum(e.size)) }))
  .filter(r => r.trades.ge(10))
const code = (code: string) => expect.objectContaining({ code })
// biome-ignore lint/suspicious/noExplicitAny: what a caller without types can write
const untyped = stream as any

describe('the builder', () => {
  it('makes a plan of plain data', () => {
    const column = (name: string) => ({ kind: 'column', name })
    const call = (fn: string, ...args: unknown[]) => ({ kind: 'call', fn, args })
    const aggregate = (fn: string, ...args: unknown[]) => ({ kind: 'aggregate', fn, args })
    const number = (value: number) => ({ kind: 'literal', type: 'f64', value })
    expect(JSON.parse(JSON.stringify(volume)).nodes).toEqual([
      {
        op: 'eventTime',
        column: 'time',
        watermarks: { kind: 'boundedOutOfOrderness', outOfOrdernessMs: 500 },
        allowedLatenessMs: 0,
      },
      { op: 'filter', predicate: call('gt', column('size'), number(0)) },
      {
        op: 'project',
        columns: [
          { name: 'symbol', expression: column('symbol') },
          { name: 'notional', expression: call('mul', column('price'), column('size')) },
          { name: 'size', expression: column('size') },
          { name: 'time', expression: column('time') },
        ],
      },
      {
        op: 'windowAggregate',
        keys: ['symbol'],
        window: { kind: 'tumbling', sizeMs: 60_000, offsetMs: 0 },
        results: [
          { name: 'trades', result: aggregate('count') },
          { name: 'high', result: aggregate('max', column('notional')) },
          { name: 'vwap', result: call('div', aggregate('sum', column('notional')), aggregate('sum', column('size'))) },
        ],
      },
      { op: 'filter', predicate: call('ge', column('trades'), number(10)) },
    ])
  })

  it('leaves every pipeline it started from as it was, frozen', () => {
    const before = JSON.stringify(stream)
    stream.filter(e => e.open)
    expect(JSON.stringify(stream)).toBe(before)
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen))
    expect(frozen(volume.plan)).toBe(true)
    expect([volume, volume.config, volume.outputSchema, volume.config.backpressure].every(Object.isFrozen)).toBe(true)
    expect(() => {
      ;(volume as { plan: unknown }).plan = null
    }).toThrow(TypeError)
  })

  it('knows the columns behind every step', () => {
    expect(
      volume.outputSchema.fields.map(({ name, type }) => `${name} ${type.name}${type.isNullable ? '?' : ''}`),
    ).toEqual(['windowStart timestamp', 'windowEnd timestamp', 'symbol utf8', 'trades f64', 'high f64', 'vwap f64?'])
    expect([stream.eventTimeColumn, volume.eventTimeColumn]).toEqual(['time', 'windowEnd'])
  })

  it('explains itself in words', () => {
    const lines = volume.explain().split('\n')
    expect(lines.filter(line => !line.startsWith(' '))).toEqual([
      'source      time timestamp, symbol utf8, price f64, size i32, at timestamp?, open bool',
      'eventTime   time, out of order by up to 500ms, late by up to 0ms',
      'filter      size > 0',
      'project     symbol, notional = price * size, size, time',
      'window      tumbling 1m by symbol',
      'aggregate   trades = count(), high = max(notional), vwap = sum(notional) / sum(size)',
      'filter      trades >= 10',
      'result      windowStart timestamp, windowEnd timestamp, symbol utf8, trades f64, high f64, vwap f64?',
    ])
    expect(lines.filter(line => line.startsWith(' ')).join('\n')).toMatch(
      /kernels .*\bgtF64ColConst\b[\s\S]*state: 48 bytes per key/,
    )
  })

  it('builds branches from the pipeline handed to them', () => {
    const teed = stream.tee('large', branch =>
      branch
        .filter(e => e.size.gt(9))
        .window(tumbling(5))
        .aggregate(() => ({ n: count() })),
    )
    expect(teed.outputSchema).toBe(stream.outputSchema)
    expect(teed.plan.nodes.at(-1)).toMatchObject({
      op: 'tee',
      name: 'large',
      plan: [{ op: 'filter' }, { op: 'windowAggregate' }],
    })
    expect(() => stream.tee('other', () => stream)).toThrow(code('PLAN_INVALID'))
    expect(() => teed.tee('large', branch => branch)).toThrow(/Two branches/)
    expect(() => stream.tee('a', b => b.tee('x', c => c)).tee('x', b => b)).toThrow(/Two branches/)
  })

  it('starts again behind a window', () => {
    const hourly = volume
      .eventTime('windowStart')
      .window(tumbling('1h'))
      .aggregate(e => ({ high: max(e.high) }))
    expect(hourly).toBeInstanceOf(Pipeline)
    expect(hourly.plan.nodes).toHaveLength(7)
  })
})

describe('misuse of the builder', () => {
  it.each<[string, string, () => unknown]>([
    [
      'a window without event time',
      'PLAN_INVALID',
      () => (pipeline(trades) as never as typeof stream).window(tumbling(1)),
    ],
    [
      'a keyed window without event time',
      'PLAN_INVALID',
      () => (pipeline(trades) as never as typeof stream).keyBy('symbol').window(tumbling(1)),
    ],
    ['a second event time', 'PLAN_INVALID', () => stream.eventTime('time')],
    [
      'event time that may be null',
      'PLAN_INVALID',
      () => (pipeline(trades) as never as typeof untyped).eventTime('at'),
    ],
    [
      'event time of another type',
      'PLAN_INVALID',
      () => (pipeline(trades) as never as typeof untyped).eventTime('price'),
    ],
    [
      'event time of no column',
      'PLAN_INVALID',
      () => (pipeline(trades) as never as typeof untyped).eventTime('toString'),
    ],
    ['a computed event time in project', 'PLAN_INVALID', () => stream.project(e => ({ time: e.time.floorTo('1m') }))],
    ['a negative bound', 'OPTION_INVALID', () => pipeline(trades).eventTime('time', { outOfOrdernessMs: -1 })],
    ['a fractional lateness', 'OPTION_INVALID', () => pipeline(trades).eventTime('time', { allowedLatenessMs: 0.5 })],
    ['an unknown key', 'PLAN_INVALID', () => untyped.keyBy('constructor')],
    ['no key', 'PLAN_INVALID', () => untyped.keyBy()],
    ['a key twice', 'PLAN_INVALID', () => stream.keyBy('symbol', 'symbol')],
    ['no window', 'OPTION_INVALID', () => untyped.window({ kind: 'session', gapMs: 5 })],
    ['a filter of numbers', 'PLAN_INVALID', () => untyped.filter((e: never) => (e as { price: unknown }).price)],
    ['a filter of JavaScript', 'EXPRESSION_INVALID', () => untyped.filter(() => true)],
    ['an aggregate in a filter', 'EXPRESSION_INVALID', () => untyped.filter(() => count().gt(1))],
    ['a column of another stream', 'EXPRESSION_INVALID', () => volume.filter(() => priceColumn().gt(1))],
    ['a projection to a JavaScript value', 'EXPRESSION_INVALID', () => untyped.project(() => ({ a: 1 }))],
    ['a projection that is no object', 'PLAN_INVALID', () => untyped.project(() => [])],
    ['an empty projection', 'SCHEMA_INVALID', () => pipeline(trades).project(() => ({}))],
    [
      'a projected __proto__',
      'SCHEMA_INVALID',
      () => untyped.project(() => JSON.parse('{"__proto__":1}', (k, v) => (k === '__proto__' ? lit(1) : v))),
    ],
    ['no result', 'PLAN_INVALID', () => stream.window(tumbling(1)).aggregate(() => ({}))],
    [
      'a result called windowStart',
      'PLAN_INVALID',
      () => stream.window(tumbling(1)).aggregate(() => ({ windowStart: count() })),
    ],
    [
      'a result called like a key',
      'SCHEMA_INVALID',
      () =>
        stream
          .keyBy('symbol')
          .window(tumbling(1))
          .aggregate(() => ({ symbol: count() })),
    ],
    [
      'a key called windowEnd',
      'PLAN_INVALID',
      () =>
        stream
          .project(e => ({ windowEnd: e.size }))
          .keyBy('windowEnd')
          .window(tumbling(1))
          .aggregate(() => ({ n: count() })),
    ],
    [
      'a bare column as result',
      'EXPRESSION_INVALID',
      () =>
        (stream.window(tumbling(1)) as never as { aggregate(f: unknown): unknown }).aggregate(
          (e: { price: unknown }) => ({ p: e.price }),
        ),
    ],
    ['rows without a function', 'PLAN_INVALID', () => untyped.filterRows('x')],
    ['mapRows without a schema', 'PLAN_INVALID', () => untyped.mapRows(() => ({}))],
    ['a source that is no schema', 'PLAN_INVALID', () => pipeline({ time: timestamp() } as never)],
    ['an absurd buffer', 'OPTION_INVALID', () => pipeline(trades, { bufferSize: 2 ** 53 })],
  ])('%s is refused', (_, expected, run) => {
    expect(run).toThrow(code(expected))
  })

  /** The column `price` of the stream, carried out of its callback. */
  const priceColumn = () => {
    let seen: NumberExpression<false, 'row'> = undefined as never
    stream.filter(e => {
      seen = e.price
      return e.open
    })
    return seen
  }
})
