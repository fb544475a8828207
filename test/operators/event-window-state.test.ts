import { describe, expect, it } from 'vitest'
import { pipeline } from '../../src/packaged.ts'
import { verifyPipeline } from '../../src/testing/operator-harness.ts'
import { session, slidingPerEvent } from '../../src/time/session-windows.ts'
import { cumulate, hopping, tumbling } from '../../src/time/windows.ts'
import { bounded } from '../bounded.ts'
import { eventRows, events, inTurns, someOf, timedAggregates } from './state-events.ts'

const late = { allowedLateness: 40 } as const
const WINDOWS = {
  tumbling: tumbling(25),
  'tumbling, late rows': tumbling(25, late),
  'tumbling, on every update': tumbling(25, { emit: 'onUpdate' }),
  hopping: hopping(30, 10),
  'hopping, cut slices': hopping(25, 10, late),
  'hopping, discarding': hopping(30, 10, { ...late, firing: 'discarding' }),
  'hopping, retracting': hopping(30, 10, { ...late, firing: 'retracting' }),
  'hopping, sampling': hopping(10, 25, { sampling: true }),
  cumulate: cumulate(10, 40),
  'cumulate, late rows': cumulate(10, 40, late),
  session: session(12),
  'session, late rows': session(12, late),
  'session, retracting': session(12, { ...late, firing: 'retracting' }),
  'session, discarding': session(12, { ...late, firing: 'discarding' }),
  'session, on every update': session(12, { emit: 'onUpdate' }),
  'session, early': session(12, { early: { everyEventTime: 10 } }),
  'session, early and retracting': session(12, { ...late, early: { rows: 2 }, firing: 'retracting' }),
  'session, early, retracting, by time': session(12, { ...late, early: { everyEventTime: 4 }, firing: 'retracting' }),
  'session, early and discarding': session(12, { early: { rows: 2 }, firing: 'discarding' }),
  slidingPerEvent: slidingPerEvent(10),
  'slidingPerEvent, late rows': slidingPerEvent(10, late),
}

const rows = eventRows(24)
const options = { batchSizes: bounded([2, 7], [1, 7]) }

describe('snapshot and restore at every cut', () => {
  it.each(inTurns(WINDOWS))('makes no difference to aggregates over %s', (_, window, turn) => {
    const stream = pipeline(events).eventTime('time', { outOfOrdernessMs: 15 }).keyBy('key')
    const windowed = stream.window(window as ReturnType<typeof tumbling>).aggregate(e => {
      const { leastEver, mostEver, ...ofWindows } = timedAggregates(e)
      // What was ever is of no window, and none can take it back.
      const isTakenBack = (window as { firing?: string }).firing === 'retracting'
      return someOf(isTakenBack ? ofWindows : { ...ofWindows, leastEver, mostEver }, turn)
    })
    const report = verifyPipeline(windowed, rows, options)
    expect(report.rows.length).toBeGreaterThan(5)
  })
})
