import { describe, expect, it } from 'vitest'
import { count } from '../../src/expression/aggregates.ts'
import { createEngineSync } from '../../src/kernels/engine.ts'
import { pipeline } from '../../src/packaged.ts'
import { optimise } from '../../src/plan/optimise.ts'
import { ChainInstance } from '../../src/testing/chain-instance.ts'
import type { tumbling } from '../../src/time/windows.ts'
import { WINDOWS } from './every-window.ts'
import { eventRows, events } from './state-events.ts'

const [row] = eventRows(1)
const LAST = Number.MAX_SAFE_INTEGER
/** The times of rows of one key: from the beginning of time to its end, which comes first at last. */
const ORDERS = [
  [-LAST, 0, LAST],
  [0, LAST - 3, LAST],
  [LAST, -LAST],
]

describe.each(Object.entries(WINDOWS))('%s windows', (_, kinds) => {
  it.each(Object.entries(kinds))('of rows at the ends of time come to an end: %s', (_, window) => {
    const { plan } = pipeline(events)
      .eventTime('time')
      .keyBy('key')
      .window(window as ReturnType<typeof tumbling>)
      .aggregate(() => ({ n: count() }))
    for (const times of ORDERS) {
      const instance = new ChainInstance(optimise(plan), {
        engine: createEngineSync({ engine: 'js', maxBytes: 2 ** 24 }),
        maxBatch: 2,
        maxKeys: 10,
        fullEvery: 0,
        startMs: 0,
      })
      for (const time of times) instance.process([{ ...row, time }])
      instance.end()
      expect(instance.arrivals.get('')!.at(-1)).toEqual({ watermark: Number.POSITIVE_INFINITY })
      instance.close()
    }
  })
})
