import { describe, expect, expectTypeOf, it } from 'vitest'
import { sum } from '../../src/expression/aggregates.ts'
import { functionOf } from '../../src/expression/user-function.ts'
import { pipeline } from '../../src/packaged.ts'
import { bool, f64, i32, i64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import type { ResultRow } from '../../src/schema/row-types.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'

const trades = schema({ time: timestamp(), symbol: utf8(), price: f64(), id: i64(), note: utf8().nullable() })

/** Compiles, and is never called: what stands in it is checked by the type checker alone. */
const typesOnly = (_: () => unknown) => expect(_).toBeTypeOf('function')

const length = functionOf(i32(), (text: string) => text.length)
const isRound = functionOf(bool().nullable(), (price: number, id: bigint) => (id === 0n ? null : price % 1 === 0))
const elsewhere = functionOf(utf8(), { module: 'file:///rules.js', export: 'name' })

describe('the types of functions of one’s own', () => {
  it('are those they say they return, nullable where a value or the result may be null', () => {
    const rows = pipeline(trades).project(e => ({
      length: length(e.symbol),
      noted: length(e.note),
      round: isRound(e.price, e.id),
      fixed: isRound(1, e.id),
      named: elsewhere(e.note, 5),
    }))
    expectTypeOf<ResultRow<typeof rows.outputSchema>>().toEqualTypeOf<{
      readonly length: number
      readonly noted: number | null
      readonly round: boolean | null
      readonly fixed: boolean | null
      readonly named: string | null
    }>()
    expect(rows.outputSchema.fields.map(({ type }) => type.isNullable)).toEqual([false, true, true, true, true])
  })

  it('have a function take what it takes, and give what it gives', () => {
    // @ts-expect-error: a number is no text
    typesOnly(() => pipeline(trades).filter(e => length(e.price).gt(1)))
    // @ts-expect-error: it takes two
    typesOnly(() => pipeline(trades).filter(e => isRound(e.price)))
    // @ts-expect-error: what returns i32 gives no text
    typesOnly(() => functionOf(i32(), (text: string) => text))
    // @ts-expect-error: nor null, unless it is nullable
    typesOnly(() => functionOf(i32(), (_: string) => null))
  })

  it('tell values of rows from those of groups', () => {
    const windowed = pipeline(trades).eventTime('time').window(tumbling('1m'))
    const half = functionOf(f64(), (x: number) => x / 2)
    typesOnly(() => windowed.aggregate(e => ({ half: half(sum(e.price)), of: sum(half(e.price)) })))
    // @ts-expect-error: a value of a row is no result of a window
    typesOnly(() => windowed.aggregate(e => ({ half: half(e.price) })))
  })
})
