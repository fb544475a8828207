import { describe, expect, expectTypeOf, it } from 'vitest'
import { avg, count, countIf, max, min, stdDevSample, sum } from '../../src/expression/aggregates.ts'
import type { BooleanExpression, NumberExpression, StringExpression } from '../../src/expression/expression.ts'
import { and, coalesce, greatest, ifElse, least, lit, when } from '../../src/expression/functions.ts'
import { pipeline } from '../../src/packaged.ts'
import { boundedOutOfOrderness, monotonous, physical, punctuated } from '../../src/plan/watermarks.ts'
import { bool, f64, i32, i64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import type { InsertRow, ResultRow } from '../../src/schema/row-types.ts'
import { schema } from '../../src/schema/schema.ts'
import { globalWindow } from '../../src/time/global-windows.ts'
import { everyRows } from '../../src/time/triggers.ts'
import { tumbling } from '../../src/time/windows.ts'

const trades = schema({
  time: timestamp(),
  symbol: utf8(),
  price: f64(),
  size: i32(),
  id: i64(),
  open: bool(),
  fee: f64().nullable(),
  note: utf8().nullable(),
})
const stream = pipeline(trades).eventTime('time')
type Columns = Parameters<Parameters<typeof stream.filter>[0]>[0]

/** Compiles, and is never called: what stands in it is checked by the type checker alone. */
const typesOnly = (_: () => unknown) => expect(_).toBeTypeOf('function')

describe('row types', () => {
  it('say when a global window fired, instead of bounds', () => {
    const latest = stream
      .keyBy('symbol')
      .window(globalWindow({ trigger: everyRows(2), fireAtEnd: true }))
      .aggregate(e => ({ high: max(e.price) }))
    expectTypeOf<ResultRow<typeof latest.outputSchema>>().toEqualTypeOf<{
      readonly windowTime: number
      readonly symbol: string
      readonly high: number
    }>()
    typesOnly(() => {
      globalWindow({ trigger: { onRow: (_state, row: { price: number }) => (row.price > 1 ? 'fire' : 'continue') } })
      // @ts-expect-error no such answer
      globalWindow({ trigger: { onRow: () => 'stop' } })
      // @ts-expect-error a trigger is required
      globalWindow({ purge: true })
    })
  })

  it('let nullable columns be null, undefined or missing on the way in', () => {
    expectTypeOf<InsertRow<typeof trades>>().toEqualTypeOf<{
      readonly time: number
      readonly symbol: string
      readonly price: number
      readonly size: number
      readonly id: bigint
      readonly open: boolean
      readonly fee?: number | null | undefined
      readonly note?: string | null | undefined
    }>()
  })

  it('say null for nullable columns on the way out', () => {
    expectTypeOf<ResultRow<typeof trades>>().toEqualTypeOf<{
      readonly time: number
      readonly symbol: string
      readonly price: number
      readonly size: number
      readonly id: bigint
      readonly open: boolean
      readonly fee: number | null
      readonly note: string | null
    }>()
  })

  it('follow a pipeline through project, window and filter', () => {
    const volume = stream
      .filter(e => e.size.gt(0))
      .project(e => ({ symbol: e.symbol, notional: e.price.mul(e.size), size: e.size, fee: e.fee }))
      .keyBy('symbol')
      .window(tumbling('1m'))
      .aggregate(e => ({
        trades: count(),
        high: max(e.notional),
        vwap: sum(e.notional).div(sum(e.size)),
        fees: sum(e.fee),
        half: sum(e.notional).div(2),
        spread: stdDevSample(e.notional),
      }))
      .filter(r => r.trades.ge(10))
    expectTypeOf<ResultRow<typeof volume.outputSchema>>().toEqualTypeOf<{
      readonly windowStart: number
      readonly windowEnd: number
      readonly symbol: string
      readonly trades: number
      readonly high: number
      readonly vwap: number | null
      readonly fees: number | null
      readonly half: number
      readonly spread: number | null
    }>()
    expect(volume.outputSchema.fields.map(field => field.name)).toEqual([
      'windowStart',
      'windowEnd',
      'symbol',
      'trades',
      'high',
      'vwap',
      'fees',
      'half',
      'spread',
    ])
  })

  it('keep the event time in a projection that does not name it', () => {
    const projected = stream.project(e => ({ doubled: e.price.mul(2) }))
    expectTypeOf<ResultRow<typeof projected.outputSchema>>().toEqualTypeOf<{
      readonly doubled: number
      readonly time: number
    }>()
    const named = stream.project(e => ({ time: e.time, id: e.id }))
    expectTypeOf<ResultRow<typeof named.outputSchema>>().toEqualTypeOf<{ readonly time: number; readonly id: bigint }>()
    const early = pipeline(trades).project(e => ({ doubled: e.price.mul(2) }))
    expectTypeOf<ResultRow<typeof early.outputSchema>>().toEqualTypeOf<{ readonly doubled: number }>()
  })

  it('come from the output schema behind mapRows and process', () => {
    const output = schema({ time: timestamp(), text: utf8() })
    const mapped = stream.mapRows(output, row => {
      expectTypeOf(row.fee).toEqualTypeOf<number | null>()
      return { time: row.time, text: row.symbol }
    })
    expectTypeOf<ResultRow<typeof mapped.outputSchema>>().toEqualTypeOf<{
      readonly time: number
      readonly text: string
    }>()
    expect(mapped.window(tumbling(1)).spec).toMatchObject({ kind: 'tumbling', sizeMs: 1 })
  })
})

describe('expression types', () => {
  it('carry nullability through arithmetic, coalesce and conditions', () => {
    const check = (e: Columns) => {
      expectTypeOf(e.price.add(1)).toEqualTypeOf<NumberExpression<false, 'row' | 'literal'>>()
      expectTypeOf(e.price.add(e.fee).type.isNullable).toEqualTypeOf<true>()
      expectTypeOf(e.price.div(2).type.isNullable).toEqualTypeOf<false>()
      expectTypeOf(e.price.div(0).type.isNullable).toEqualTypeOf<true>()
      expectTypeOf(e.price.div(e.size).type.isNullable).toEqualTypeOf<true>()
      expectTypeOf(e.fee.div(2).type.isNullable).toEqualTypeOf<true>()
      expectTypeOf(e.fee.coalesce(0).type.isNullable).toEqualTypeOf<false>()
      expectTypeOf(coalesce(e.fee, e.price).type.isNullable).toEqualTypeOf<false>()
      expectTypeOf(coalesce(e.fee, e.fee).type.isNullable).toEqualTypeOf<true>()
      expectTypeOf(e.fee.gt(1).type.isNullable).toEqualTypeOf<false>()
      expectTypeOf(ifElse(e.open, e.price, null)).toEqualTypeOf<NumberExpression<true, 'row' | 'literal'>>()
      expectTypeOf(when(e.open, 'a').when(e.size.gt(1), e.symbol).otherwise('c')).toEqualTypeOf<
        StringExpression<false, 'row' | 'literal'>
      >()
      expectTypeOf(greatest(e.time, 0).hour().type.isNullable).toEqualTypeOf<false>()
      expectTypeOf(least(e.price, e.fee, 3).type.isNullable).toEqualTypeOf<true>()
      expectTypeOf(e.id.div(e.size).type.name).toEqualTypeOf<'f64' | 'f32' | 'i32' | 'u32'>()
      expectTypeOf(and(e.open, e.price.gt(lit(1)))).toEqualTypeOf<BooleanExpression<false, 'row' | 'literal'>>()
      expectTypeOf(avg(e.fee).type.isNullable).toEqualTypeOf<true>()
      expectTypeOf(min(e.id).add(1n).type.name).toEqualTypeOf<'i64'>()
    }
    typesOnly(() => check)
  })

  it('refuse operands of another kind', () => {
    const check = (e: Columns) => {
      // @ts-expect-error text is not compared with a number
      e.symbol.eq(1)
      // @ts-expect-error a number is not compared with text
      e.price.gt('1')
      // @ts-expect-error a number column is not compared with a text column
      e.price.eq(e.symbol)
      // @ts-expect-error bigint does not mix with number
      e.price.add(1n)
      // @ts-expect-error number does not mix with bigint
      e.id.add(1)
      // @ts-expect-error an i64 column does not mix with an f64 column
      e.id.add(e.price)
      // @ts-expect-error truth has no order
      e.open.gt(false)
      // @ts-expect-error text has no arithmetic
      e.symbol.add(e.symbol)
      // @ts-expect-error a timestamp is not compared with a number column
      e.time.gt(e.price)
      // @ts-expect-error the branches are of one kind
      ifElse(e.open, e.price, 'x')
      // @ts-expect-error the cases are of one kind
      when(e.open, 1).otherwise('x')
      // @ts-expect-error a list holds values of the column's kind
      e.symbol.in([1])
      // @ts-expect-error a prefix is text
      e.symbol.startsWith(e.symbol)
      // @ts-expect-error not a duration
      e.time.floorTo('1 fortnight')
      // @ts-expect-error no such column
      e.missing.gt(1)
      // @ts-expect-error text has no sum
      sum(e.symbol)
      // @ts-expect-error a condition, not a number
      countIf(e.price)
      // @ts-expect-error no aggregate of an aggregate
      max(sum(e.price))
    }
    typesOnly(() => check)
  })
})

describe('builder types', () => {
  it('refuse steps out of order', () => {
    typesOnly(() => {
      // @ts-expect-error no window without event time
      pipeline(trades).window(tumbling('1m'))
      // @ts-expect-error nor for a keyed pipeline
      pipeline(trades).keyBy('symbol').window(tumbling('1m'))
      // @ts-expect-error no aggregate without window
      stream.aggregate(() => ({ n: count() }))
      // @ts-expect-error nor after keyBy alone
      stream.keyBy('symbol').aggregate(() => ({ n: count() }))
      stream
        .window(tumbling(1))
        .aggregate(() => ({ n: count() }))
        .project(r => ({ n: r.n }))
        // @ts-expect-error the event time of results ends with windowEnd
        .window(tumbling(1))
      // @ts-expect-error mapRows lost the event time
      stream.mapRows(schema({ a: f64() }), () => ({ a: 1 })).window(tumbling(1))
    })
  })

  it('refuse unknown and unfit columns', () => {
    typesOnly(() => {
      // @ts-expect-error no such column
      stream.keyBy('missing')
      // @ts-expect-error not a timestamp
      pipeline(trades).eventTime('price')
      // @ts-expect-error no such column
      pipeline(trades).eventTime('missing')
      // @ts-expect-error a filter takes a condition
      stream.filter(e => e.price)
      // @ts-expect-error a JavaScript boolean is no condition
      stream.filter(e => e.price === 100)
      // @ts-expect-error no aggregate in a filter
      stream.filter(e => sum(e.price).gt(1))
      // @ts-expect-error no aggregate in a projection
      stream.project(e => ({ total: sum(e.price) }))
      // @ts-expect-error no bare column among results
      stream.window(tumbling(1)).aggregate(e => ({ price: e.price }))
      // @ts-expect-error not a row of the output
      stream.mapRows(schema({ a: f64() }), () => ({ a: 'text' }))
      // @ts-expect-error no such option
      pipeline(trades, { bufferSizes: 1 })
    })
  })
})

describe('event time', () => {
  it('takes a strategy over the columns there are, and lengths of time in any spelling', () => {
    const untimed = pipeline(trades)
    typesOnly(() => [
      untimed.eventTime('time', { outOfOrderness: '500ms', allowedLateness: '1m' }),
      untimed.eventTime('time', { outOfOrdernessMs: 500, allowedLatenessMs: 60_000 }),
      untimed.eventTime('time', { watermarks: boundedOutOfOrderness('5s') }),
      untimed.eventTime('time', { watermarks: monotonous() }),
      untimed.eventTime('time', { watermarks: physical('10s') }),
      untimed.eventTime('time', { watermarks: punctuated(e => e.symbol.eq('END').and(e.open)) }),
      untimed.eventTime('time', { watermarks: punctuated(e => e.time) }),
      untimed.processingTime('at').window(tumbling('1s')),
      // @ts-expect-error a number is no watermark
      untimed.eventTime('time', { watermarks: punctuated(e => e.size) }),
      // @ts-expect-error there is no such column
      untimed.eventTime('time', { watermarks: punctuated(e => e.end) }),
      // @ts-expect-error a function alone is no strategy
      untimed.eventTime('time', { watermarks: () => true }),
      // @ts-expect-error the event time is a timestamp
      untimed.eventTime('price'),
      // @ts-expect-error no length of time
      untimed.eventTime('time', { outOfOrderness: 'soon' }),
    ])
    expectTypeOf(
      untimed.eventTime('time', { watermarks: punctuated(e => e.open) }).eventTimeColumn,
    ).toEqualTypeOf<'time'>()
  })
})
