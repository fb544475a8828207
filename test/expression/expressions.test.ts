import { describe, expect, it } from 'vitest'
import {
  avg,
  count,
  countIf,
  first,
  max,
  min,
  stdDevSample,
  sum,
  varianceSample,
} from '../../src/expression/aggregates.ts'
import { columnsOf } from '../../src/expression/columns.ts'
import type { Expression, NumberExpression } from '../../src/expression/expression.ts'
import { formatExpression } from '../../src/expression/format.ts'
import { and, coalesce, greatest, ifElse, least, lit, not, or, when } from '../../src/expression/functions.ts'
import { literalValue } from '../../src/expression/literal.ts'
import { bool, f32, f64, i32, i64, timestamp, u32, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

const refused = expect.objectContaining({ code: 'EXPRESSION_INVALID' })
const e = columnsOf(
  schema({
    price: f64(),
    half: f32(),
    size: i32(),
    seq: u32(),
    id: i64(),
    open: bool(),
    time: timestamp(),
    symbol: utf8(),
    fee: f64().nullable(),
    note: utf8().nullable(),
    maybe: bool().nullable(),
  }),
)
const typeOf = ({ type }: Expression) => `${type.name}${type.isNullable ? '?' : ''}`
// biome-ignore lint/suspicious/noExplicitAny: what a caller without types can write
const untyped = e as any

describe('columns', () => {
  it('stand on a frozen object without prototype', () => {
    expect(Object.getPrototypeOf(e)).toBeNull()
    expect(Object.isFrozen(e)).toBe(true)
    expect(Object.keys(e)).toHaveLength(11)
    expect(Object.isFrozen(e.price) && Object.isFrozen(e.price.node)).toBe(true)
  })
})

describe('types', () => {
  it.each<[string, Expression]>([
    ['f64', e.size.add(e.seq)],
    ['f64?', e.price.mul(e.fee)],
    ['i64', e.id.add(1n)],
    ['f64?', e.price.div(e.size)],
    ['f64', e.price.div(2)],
    ['f64?', e.price.div(0)],
    ['f64', e.id.div(2n)],
    ['f64', e.id.div(2.5)],
    ['i64?', e.id.mod(e.id)],
    ['i64', e.id.idiv(-3n)],
    ['bool', e.fee.gt(1)],
    ['bool', e.note.ne(e.symbol)],
    ['bool', e.maybe.and(e.open)],
    ['bool?', e.maybe.not()],
    ['bool', e.fee.isNull()],
    ['bool', e.fee.between(0, 1)],
    ['bool', e.symbol.in(['a', 'b'])],
    ['bool', e.note.startsWith('a')],
    ['bool', e.note.contains('a')],
    ['utf8?', e.symbol.splitPart('/', 2)],
    ['utf8', e.symbol.lower()],
    ['utf8?', e.note.upper()],
    ['f64?', e.note.length()],
    ['i32', coalesce(e.size, e.size)],
    ['f64', e.fee.coalesce(0)],
    ['f64?', ifElse(e.open, e.price, null)],
    ['utf8', when(e.open, 'a').when(e.maybe, e.symbol).otherwise('c')],
    ['timestamp', e.time.floorTo('1m')],
    ['f64', e.time.sub(1_000)],
    ['f64', e.time.sub(e.time)],
    ['timestamp', e.time.max(0)],
    ['f64', e.time.hour()],
    ['i32?', e.price.toI32()],
    ['i32', e.size.toI32()],
    ['f32', e.price.toF32()],
    ['i64?', e.price.toI64()],
    ['i64', e.seq.toI64()],
    ['timestamp?', e.price.toTimestamp()],
    ['bool', e.id.toBool()],
    ['utf8', e.price.toUtf8()],
    ['f64', greatest(e.price, e.size, 3)],
    ['f64?', least(e.price, e.fee)],
    ['f64', count()],
    ['f64', count(e.fee)],
    ['f64', countIf(e.maybe)],
    ['f64', sum(e.size)],
    ['f64?', sum(e.fee)],
    ['i64', sum(e.id)],
    ['f64', avg(e.id)],
    ['f32', min(e.half)],
    ['timestamp', max(e.time)],
    ['utf8?', first(e.note)],
    ['f64?', stdDevSample(e.price)],
    ['f64?', varianceSample(e.price)],
    ['f64?', sum(e.price).div(sum(e.size))],
    ['f64', sum(e.price).div(count()).coalesce(0)],
    ['f64', lit(1)],
    ['timestamp?', lit(null, timestamp())],
  ])('%s', (type, expression) => {
    expect(typeOf(expression)).toBe(type)
  })
})

describe('a JavaScript operator on an expression', () => {
  it('throws with the right spelling', () => {
    expect(() => untyped.price > 100).toThrow(/write e\.price\.gt\(100\) instead of e\.price > 100/)
    expect(() => untyped.price + 1).toThrow(/e\.price\.add\(1\) instead of e\.price \+ 1/)
    expect(() => untyped.price * 2).toThrow(refused)
    expect(() => -untyped.price).toThrow(refused)
    // biome-ignore lint/suspicious/noDoubleEquals: the point of the test
    expect(() => untyped.price == 1).toThrow(refused)
    expect(() => `${untyped.price}`).toThrow(refused)
    expect(() => untyped.price.toString()).toThrow(refused)
    expect(() => untyped.price.valueOf()).toThrow(refused)
    expect(() => untyped.price.add(1) < untyped.size).toThrow(refused)
  })
})

describe('operands that do not fit', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['text and number', () => untyped.symbol.eq(1), /values of one type, not utf8 \(symbol\) with f64/],
    ['number and text', () => untyped.price.gt('1'), /gt takes/],
    ['i64 and number', () => untyped.id.add(1), /\.toF64\(\) or \.toI64\(\).*5n/],
    ['number and i64', () => untyped.price.lt(1n), /cast one side/],
    ['order of bool', () => untyped.open.lt(true), /lt takes numbers or i64 or timestamps, not bool/],
    ['order of text', () => untyped.symbol.lt('a'), /lt takes/],
    ['timestamp and number column', () => untyped.time.gt(untyped.price), /toTimestamp/],
    ['arithmetic on text', () => untyped.symbol.add('x'), /add takes/],
    ['a fractional timestamp', () => untyped.time.gt(0.5), /no value of type timestamp/],
    ['an i64 out of range', () => untyped.id.gt(2n ** 63n), /no value of type i64/],
    ['a condition of numbers', () => and(untyped.price), /and takes/],
    ['a JavaScript condition', () => or(false as never), /\.eq\(b\)/],
    [
      'branches of two types',
      () => ifElse(e.open, e.price, 'x' as never),
      /ifElse takes values of one type, not f64 \(price\) with utf8/,
    ],
    [
      'cases of two types',
      () => when(e.open, e.price).otherwise(e.symbol as never),
      /when .*f64 \(price\) with utf8 \(symbol\)/,
    ],
    [
      'a condition of two that is none',
      () => when(e.open, 1).when(untyped.price, 2).otherwise(3),
      /when takes bool, not bool \(open\) with f64 \(price\)/,
    ],
    ['nothing but null', () => ifElse(e.open, null, null), /isn't null/],
    ['an empty list', () => e.symbol.in([]), /at least one/],
    ['null in a list', () => untyped.symbol.in([null]), /not null/],
    ['a column in a list', () => untyped.symbol.in([untyped.note]), /list of values/],
    ['a column as prefix', () => untyped.symbol.startsWith(untyped.note), /prefix/],
    ['a column as part', () => untyped.symbol.contains(untyped.note), /part/],
    ['an empty separator', () => e.symbol.splitPart('', 0), /not empty/],
    ['a column as separator', () => untyped.symbol.splitPart(untyped.note, 0), /not empty/],
    ['a position below 0', () => e.symbol.splitPart('/', -1), /position/],
    ['a position between two', () => e.symbol.splitPart('/', 0.5), /position/],
    ['a number in lower case', () => untyped.price.lower(), /lower takes text/],
    ['the length of a number', () => untyped.price.length(), /length takes text/],
    ['an undefined operand', () => untyped.price.add(undefined), /^add takes an expression.*undefined/],
    ['an object operand', () => untyped.price.add({}), /an object/],
    ['a Date', () => untyped.time.gt(new Date(0)), /gt takes an expression.*a Date \(its getTime\(\)/],
    ['text beside a time', () => untyped.time.gt('2020-01-01'), /Date\.parse/],
    ['a zone', () => untyped.time.hour('Europe/Vienna'), /UTC/],
    ['something where nothing is taken', () => untyped.price.abs(2), /abs\(\) takes nothing, not 2/],
    ['no size', () => e.time.floorTo(0), /more than 0/],
    ['sum of text', () => sum(untyped.symbol), /sum does not take utf8/],
    ['min of bool', () => min(untyped.open), /min does not take bool/],
    ['an aggregate of an aggregate', () => sum(max(e.price) as never), /not another aggregate/],
    ['a column beside an aggregate', () => sum(e.price).add(e.price), /put the column "price" into one/],
    ['null without a type', () => untyped.price && lit(null as never), /null alone/],
    ['a value outside its type', () => lit(300.5, i32()), /no value of type i32/],
  ])('%s', (_, run, message) => {
    expect(run).toThrow(refused)
    expect(run).toThrow(message)
  })

  it('includes trees that are too deep or too large', () => {
    const deep = () => {
      let x: NumberExpression = e.price
      for (let i = 0; i < 300; i++) x = x.add(1)
      return x
    }
    const large = () => {
      let x: NumberExpression = e.price
      for (let i = 0; i < 60; i++) x = x.add(x)
      return x
    }
    expect(deep).toThrow(/256 deep/)
    expect(large).toThrow(/10000 nodes/)
  })
})

describe('literals', () => {
  it('survive JSON, special numbers and all', () => {
    for (const value of [
      1,
      -0,
      0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      2 ** 60,
      9007199254740993n,
      true,
      'ü"',
    ]) {
      const { node } = lit(value as number)
      expect(literalValue(JSON.parse(JSON.stringify(node)))).toBe(value)
    }
    expect(literalValue(lit(null, f64()).node as never)).toBeNull()
    expect(literalValue(lit(0.1, f32()).node as never)).toBe(Math.fround(0.1))
  })

  it('take the type of the timestamp they stand beside', () => {
    expect(e.time.gt(5).node).toMatchObject({ args: [{}, { type: 'timestamp', value: 5 }] })
    expect(ifElse(e.open, 0, e.time).type.name).toBe('timestamp')
  })
})

describe('formatExpression', () => {
  it('writes operators between operands, with the brackets they need', () => {
    const text = (x: Expression) => formatExpression(x.node)
    expect(
      text(
        e.price
          .mul(e.size.add(1))
          .gt(100)
          .and(not(e.symbol.eq('A'))),
      ),
    ).toBe('price * (size + 1) > 100 and not(symbol = "A")')
    expect(text(e.price.sub(e.size.sub(1)))).toBe('price - (size - 1)')
    expect(text(or(e.open, e.maybe).and(e.open))).toBe('(open or maybe) and open')
    expect(text(sum(e.price).div(count()))).toBe('sum(price) / count()')
    expect(text(e.id.in([1n, 2n]))).toBe('id in (1n, 2n)')
    expect(text(e.time.floorTo('1h', { offset: '5m' }))).toBe('floorTo(time, 1h, 5m)')
  })
})
