import fc from 'fast-check'
import { expect, it } from 'vitest'
import { EventfluxError } from '../../src/errors.ts'
import { verifyPipeline } from '../../src/testing/operator-harness.ts'
import { bounded } from '../bounded.ts'
import { eventRows } from '../operators/state-events.ts'
import { tapes } from '../plan/tape.ts'
import { anyPipeline } from './any-pipeline.ts'

it('a pipeline of any steps gives the same whatever the engine, the batches and the cuts', () => {
  let verified = 0
  fc.assert(
    fc.property(tapes(80), fc.integer({ min: 1, max: 22 }), fc.integer({ min: 2, max: 30 }), (tape, count, step) => {
      const plan = chosen(() => anyPipeline(tape))
      if (plan === undefined) return
      verifyPipeline<never, never, never>(plan as never, eventRows(count, step) as never, {
        batchSizes: [1, 5],
        arrivalMs: (_, i) => 6 * Math.floor(i / 3),
        endMs: 300,
      })
      verified++
    }),
    { numRuns: bounded(10, 30) },
  )
  expect(verified).toBeGreaterThan(bounded(5, 15))
})

/** Nothing where what was chosen doesn't go together. */
function chosen<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof EventfluxError) return undefined
    throw error
  }
}
