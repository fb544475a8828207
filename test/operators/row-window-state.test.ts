import { describe, expect, it } from 'vitest'
import { first } from '../../src/expression/aggregates.ts'
import { ema } from '../../src/expression/change-aggregates.ts'
import { distinctCount } from '../../src/expression/distribution-aggregates.ts'
import { aggregateOf } from '../../src/expression/user-aggregate.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64 } from '../../src/schema/data-type.ts'
import { verifyPipeline } from '../../src/testing/operator-harness.ts'
import type { RowWindowSpec } from '../../src/time/row-windows.ts'
import { delay } from '../../src/time/window-kinds/delay.ts'
import { externalTime } from '../../src/time/window-kinds/external-time.ts'
import { externalTimeBatch } from '../../src/time/window-kinds/external-time-batch.ts'
import { hoppingCount } from '../../src/time/window-kinds/hopping-count.ts'
import { length } from '../../src/time/window-kinds/length.ts'
import { lengthBatch } from '../../src/time/window-kinds/length-batch.ts'
import { sort } from '../../src/time/window-kinds/sort.ts'
import { time } from '../../src/time/window-kinds/time.ts'
import { timeBatch } from '../../src/time/window-kinds/time-batch.ts'
import { timeLength } from '../../src/time/window-kinds/time-length.ts'
import { unique } from '../../src/time/window-kinds/unique.ts'
import { bounded } from '../bounded.ts'
import { aggregates, eventRows, events, inTurns, someOf } from './state-events.ts'

const all = { output: 'all' } as const
const WINDOWS: Record<string, RowWindowSpec<'all' | 'current'>> = {
  length: length(3, all),
  lengthBatch: lengthBatch(3, { ...all, emitIncomplete: true }),
  'lengthBatch, current only': lengthBatch(3),
  'lengthBatch, streamed': lengthBatch(3, { ...all, streamCurrent: true }),
  'lengthBatch, streamed, current only': lengthBatch(3, { streamCurrent: true }),
  hoppingCount: hoppingCount(4, 2, { ...all, emitIncomplete: true }),
  'hoppingCount, current only': hoppingCount(4, 2, { waitForFull: false }),
  time: time(20, all),
  timeLength: timeLength(30, 3, all),
  delay: delay(15),
  timeBatch: timeBatch(20, { ...all, emitIncomplete: true }),
  'timeBatch, aligned': timeBatch(20, { start: 7, ...all }),
  'timeBatch, streamed': timeBatch(20, { streamCurrent: true, ...all }),
  externalTime: externalTime('time', 30, all),
  externalTimeBatch: externalTimeBatch('time', 30, { ...all, timeout: 10 }),
  sort: sort(3, 'n', all),
  unique: unique('n', { ttl: 40, ...all }),
}

/** Sums that values are taken out of again, and those that are computed anew. */
const summing = {
  create: () => ({ sum: 0, log: [] as number[] }),
  add(kept: { sum: number; log: number[] }, value: number) {
    kept.sum += value
    kept.log.push(value)
    return kept
  },
  result: ({ sum, log }: { sum: number; log: number[] }) => sum * 100 + log.length,
  returns: f64(),
}
const takenOut = aggregateOf({
  ...summing,
  name: 'takenOut',
  remove(kept, value: number) {
    kept.sum -= value
    kept.log.splice(kept.log.indexOf(value), 1)
    return kept
  },
})
const computedAnew = aggregateOf({ ...summing, name: 'computedAnew' })

/** Three rows at a time. */
const arrivalMs = (_: unknown, i: number): number => 6 * Math.floor(i / 3)
const rows = eventRows(24)
const options = { batchSizes: bounded([2, 7], [1, 7]), arrivalMs, endMs: 200 }

describe('snapshot and restore at every cut', () => {
  it.each(inTurns(WINDOWS))('makes no difference to aggregates over %s', (_, window, turn) => {
    const windowed = pipeline(events)
      .keyBy('p')
      .window(window as RowWindowSpec<'current'>)
      .aggregate(
        e => {
          const faded = ema(e.n, { alpha: 0.25 })
          return someOf({ ...aggregates(e), faded, takenOut: takenOut(e.n), anew: computedAnew(e.n) }, turn)
        },
        { groupBy: ['key'] } as never,
      )
    expect(verifyPipeline(windowed, rows, options).rows.length).toBeGreaterThan(5)
  })

  it('makes no difference to rows that come out as they are, nor to what holds their kind', () => {
    const windowed = pipeline(events)
      .window(length(3, all))
      .rows()
      .keyBy('key')
      .window(lengthBatch(4))
      .aggregate(e => ({ kinds: distinctCount(e.kind), kind: first(e.kind), text: first(e.t) }))
    expect(verifyPipeline(windowed, rows, options).rows.length).toBeGreaterThan(5)
  })
})
