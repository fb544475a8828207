import { describe, expect, it } from 'vitest'
import { count } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { verifyPipeline } from '../../src/testing/operator-harness.ts'
import { globalWindow } from '../../src/time/global-windows.ts'
import { everyInterval, everyRows, onDelta, type Trigger } from '../../src/time/triggers.ts'
import { bounded } from '../bounded.ts'
import { aggregates, type Event, eventRows, events, inTurns, someOf } from './state-events.ts'

/** Fires by the sum of a column, and 40 ms after the row that began it. */
const bySum: Trigger<{ sum: number; since: Set<number> }, Event> = {
  create: () => ({ sum: 0, since: new Set() }),
  onRow(state, { n }, { rowTime, wakeAt }) {
    if (state.since.size === 0) wakeAt(rowTime + 40)
    state.since.add(rowTime)
    state.sum += n
    if (state.sum < 15) return 'continue'
    state.sum = 0
    return 'fireAndPurge'
  },
  onTime(state) {
    state.since.clear()
    return 'fire'
  },
}

const TRIGGERS = {
  everyRows: globalWindow({ trigger: everyRows(3), fireAtEnd: true, unbounded: true }),
  'everyRows, purged': globalWindow({ trigger: everyRows(2), purge: true }),
  'everyRows, retracting': globalWindow({
    trigger: everyRows(2),
    firing: 'retracting',
    fireAtEnd: true,
    unbounded: true,
  }),
  'everyInterval, retracting': globalWindow({ trigger: everyInterval(20), firing: 'retracting', unbounded: true }),
  everyInterval: globalWindow({ trigger: everyInterval(20), unbounded: true }),
  'everyInterval by the clock': globalWindow({ trigger: everyInterval(10, { by: 'clock' }), unbounded: true }),
  onDelta: globalWindow({ trigger: onDelta('n', 3), unbounded: true }),
  "one's own": globalWindow({ trigger: bySum, fireAtEnd: true }),
  "one's own, retracting": globalWindow({ trigger: bySum, firing: 'retracting', fireAtEnd: true }),
}

const rows = eventRows(24)
const options = {
  batchSizes: bounded([2, 7], [1, 7]),
  arrivalMs: (_: unknown, i: number) => 6 * Math.floor(i / 3),
  endMs: 200,
}

describe('snapshot and restore at every cut', () => {
  it.each(inTurns(TRIGGERS))('makes no difference to global windows with the trigger %s', (_, window, turn) => {
    const stream = pipeline(events).eventTime('time', { outOfOrdernessMs: 15 })
    const keyed = stream
      .keyBy('key')
      .window(window)
      .aggregate(e => someOf(aggregates(e), turn))
    expect(verifyPipeline(keyed, rows, options).rows.length).toBeGreaterThan(1)
    const single = stream
      .keyBy('p', 't')
      .window(window)
      .aggregate(() => ({ n: count() }))
    expect(verifyPipeline(single, rows, options).rows.length).toBeGreaterThan(0)
  })
})
