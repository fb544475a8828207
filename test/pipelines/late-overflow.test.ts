import { describe, expect, it } from 'vitest'
import { count, sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { i64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { session, slidingPerEvent } from '../../src/time/session-windows.ts'
import { cumulate, hopping, tumbling, type WindowSpec } from '../../src/time/windows.ts'
import { ENGINES } from './run-plan-rows.ts'

const events = schema({ time: timestamp(), key: utf8(), l: i64() })
const HUGE = 2n ** 62n
const row = (time: number, l: bigint) => ({ time, key: 'a', l })

const WINDOWS: Readonly<Record<string, (options: { lateTo?: string }) => WindowSpec>> = {
  tumbling: options => tumbling(10, options),
  hopping: options => hopping(10, 5, options),
  cumulating: options => cumulate(5, 10, options),
  session: options => session(5, options),
  'sliding by event': options => slidingPerEvent(5, options),
}

async function run(window: WindowSpec, rows: readonly { l: bigint }[], engine: 'wasm' | 'js', maxBatch: number) {
  const late: bigint[] = []
  const results: { windowEnd: number; doubled: bigint }[] = []
  const job = await pipeline(events, { engine, maxBatch })
    .eventTime('time')
    .keyBy('key')
    .window(window as ReturnType<typeof tumbling>)
    // Two that overflow, one of them within the other.
    .aggregate(e => ({ rows: count(), doubled: sum(e.l.mul(2n)), more: sum(e.l.mul(2n).add(1n)) }))
    .run({
      sink: ({ windowEnd, doubled }) => void results.push({ windowEnd, doubled: doubled! }),
      sinks: { ...('lateTo' in window && { late: ({ l }: { l: bigint }) => void late.push(l) }) },
    })
  const pushed = (async () => job.pushMany(rows as never))()
  const outcome = await pushed
    .then(() => job.drain())
    .then(
      ({ numLateRecordsDropped }) => ({ dropped: numLateRecordsDropped, code: undefined }),
      error => ({ dropped: undefined, code: error.code as string }),
    )
  await job.stop().catch(() => {})
  return { results, late, ...outcome }
}

describe.each(ENGINES)('what overflows in the argument of an aggregate, on %s', engine => {
  describe.each(Object.keys(WINDOWS))('of a %s window', name => {
    it.each([1, 2, 64])('ends no job when the row comes too late for it, in batches of %i', async maxBatch => {
      const rows = [row(0, 1n), row(3, 2n), row(100, 3n), row(1, HUGE), row(2, 4n), row(3, HUGE), row(102, 5n)]
      const dropped = await run(WINDOWS[name]!({}), rows, engine, maxBatch)
      expect(dropped).toMatchObject({ code: undefined, dropped: 3 })
      expect(dropped.results.at(-1)!.doubled).toBeGreaterThanOrEqual(10n)
      const sent = await run(WINDOWS[name]!({ lateTo: 'late' }), rows, engine, maxBatch)
      expect(sent).toMatchObject({ code: undefined, dropped: 0, late: [HUGE, 4n, HUGE] })
      expect(sent.results).toEqual(dropped.results)
    })

    it.each([1, 2, 64])('ends it when a window takes the row, in batches of %i', async maxBatch => {
      const rows = [row(0, 1n), row(100, 2n), row(1, HUGE), row(101, HUGE), row(200, 1n)]
      const { code, results } = await run(WINDOWS[name]!({}), rows, engine, maxBatch)
      expect(code).toBe('OVERFLOW')
      // What fired before the row came is out.
      expect(results.length).toBeGreaterThan(0)
      expect(results.every(({ windowEnd, doubled }) => windowEnd < 100 && doubled === 2n)).toBe(true)
    })
  })
})
