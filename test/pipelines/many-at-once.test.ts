import { describe, expect, it } from 'vitest'
import { count } from '../../src/expression/aggregates.ts'
import { desc } from '../../src/expression/ordering.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { session, slidingPerEvent } from '../../src/time/session-windows.ts'
import { hopping, tumbling } from '../../src/time/windows.ts'

/** More than can be arguments of one call. */
const MANY = 140_000
const stream = pipeline(schema({ time: timestamp(), key: i32() }), { maxKeys: 2 ** 18 }).eventTime('time', {
  outOfOrderness: MANY,
})
/** Each row of a key of its own and far from the others', all of them open until the input ends. */
const rows = () => ({
  time: Float64Array.from({ length: MANY }, (_, i) => i),
  key: Int32Array.from({ length: MANY }, (_, i) => i),
})

describe('windows that all end at once give all of their results:', () => {
  const byKey = stream.keyBy('key')
  const results = () => ({ n: count() })
  const small = stream.window(tumbling(1)).aggregate(results)
  it.each([
    ['sessions', byKey.window(session(10)).aggregate(results)],
    ['sessions with early results', byKey.window(session(10, { early: { every: '1s' } })).aggregate(results)],
    ['windows by event', byKey.window(slidingPerEvent(10)).aggregate(results)],
    ['tumbling windows', small],
    ['the best of tumbling windows', small.topN(1, r => desc(r.n))],
    ['the rows of tumbling windows, in order', small.orderBy(r => desc(r.n))],
    ['hopping windows', stream.window(hopping(2, 1)).aggregate(results)],
  ])('%s', async (_, plan) => {
    let given = 0
    const job = await plan.run({
      onBatch: batch => {
        given += batch.length
      },
    })
    expect(await job.pushColumns(rows())).toBe(true)
    await job.drain()
    expect(given).toBeGreaterThanOrEqual(MANY)
  })
})
