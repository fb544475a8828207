import { describe, expect, expectTypeOf, it } from 'vitest'
import { count } from '../../src/expression/aggregates.ts'
import { asc, desc } from '../../src/expression/ordering.ts'
import { pipeline } from '../../src/packaged.ts'
import { timestamp, utf8 } from '../../src/schema/data-type.ts'
import type { ResultRow } from '../../src/schema/row-types.ts'
import { schema } from '../../src/schema/schema.ts'
import { length } from '../../src/time/window-kinds/length.ts'
import { tumbling } from '../../src/time/windows.ts'

const stream = pipeline(schema({ time: timestamp(), key: utf8() })).eventTime('time')
const counted = stream
  .keyBy('key')
  .window(tumbling('1m'))
  .aggregate(() => ({ n: count() }))

describe('orders of results', () => {
  it('leave the columns as they are, and add ranks under their name', () => {
    const ordered = counted.orderBy(r => [desc(r.n), asc(r.key)]).limit(3, { offset: 1 })
    expectTypeOf<ResultRow<typeof ordered.outputSchema>>().toEqualTypeOf<ResultRow<typeof counted.outputSchema>>()
    const ranked = counted.topN(3, r => desc(r.n), { by: ['key'], ties: 'keep', rank: 'place' })
    expectTypeOf<ResultRow<typeof ranked.outputSchema>>().toEqualTypeOf<{
      readonly windowStart: number
      readonly windowEnd: number
      readonly key: string
      readonly n: number
      readonly place: number
    }>()
    expect(ranked.outputSchema.fields.map(({ name }) => name)).toEqual([
      'windowStart',
      'windowEnd',
      'key',
      'n',
      'place',
    ])
    const again = ranked.window(tumbling('1h')).aggregate(() => ({ rows: count() }))
    expectTypeOf(again.eventTimeColumn).toEqualTypeOf<'windowEnd'>()
  })

  it('stand behind windows over event time only', () => {
    const check = () => {
      // @ts-expect-error rows of a stream that never ends have no last one
      stream.limit(3)
      // @ts-expect-error nor an order
      stream.orderBy(r => asc(r.key))
      // @ts-expect-error rows that come out of a window over rows come one by one
      stream.window(length(3)).rows().limit(3)
      // @ts-expect-error which window a row is of is not known any more
      counted.project(r => ({ n: r.n })).limit(3)
      // @ts-expect-error no such column
      counted.topN(3, r => desc(r.n), { by: ['missing'] })
      // @ts-expect-error aggregates stand in aggregate
      counted.orderBy(() => desc(count()))
    }
    expect(check).toBeTypeOf('function')
  })
})
