import { describe, expect, it } from 'vitest'
import {
  collect,
  count,
  cumulate,
  hopping,
  type PipelineConfig,
  pipeline,
  session,
  sum,
  tumbling,
} from '../../src/index.ts'
import { events, eventsOf, textOf } from './events.ts'
import type { AnyPlan } from './run-to-end.ts'

/** Keys that come for a while and are gone, more than a table of keys begins with; many windows and sessions end at once. */
const ROWS = eventsOf(6_000).map((event, i) => ({
  ...event,
  time: Math.floor(event.time / 50) * 50,
  name: `name ${(i >> 2) ^ (i & 1)}`,
  n: (i >> 3) ^ (i & 1),
}))
const BLOCK = 60

const timed = (config: PipelineConfig) => pipeline(events, config).eventTime('time', { outOfOrderness: '200ms' })
const plans = {
  'a tumbling window by a text': (config: PipelineConfig) =>
    timed(config)
      .keyBy('name')
      .window(tumbling('250ms'))
      .aggregate(e => ({ rows: count(), sum: sum(e.x) })),
  'a tumbling window by a text and a number': (config: PipelineConfig) =>
    timed(config)
      .keyBy('name', 'n')
      .window(tumbling('250ms'))
      .aggregate(e => ({ rows: count(), tags: collect(e.tag) })),
  'a hopping window that takes late rows': (config: PipelineConfig) =>
    pipeline(events, config)
      .eventTime('time', { outOfOrderness: '50ms', allowedLateness: '1s' })
      .keyBy('n')
      .window(hopping('500ms', '250ms'))
      .aggregate(e => ({ rows: count(), sum: sum(e.x) })),
  'a cumulating window, and a window over its results': (config: PipelineConfig) =>
    timed(config)
      .keyBy('name')
      .window(cumulate('250ms', '500ms'))
      .aggregate(() => ({ rows: count() }))
      .keyBy('name', 'rows')
      .window(tumbling('1s'))
      .aggregate(() => ({ windows: count() })),
  'sessions by a text and a number': (config: PipelineConfig) =>
    timed(config)
      .keyBy('name', 'n')
      .window(session('150ms'))
      .aggregate(e => ({ rows: count(), sum: sum(e.x) })),
  'sessions by a number that may be null': (config: PipelineConfig) =>
    timed(config)
      .keyBy('x')
      .window(session('60ms'))
      .aggregate(e => ({ rows: count(), sum: sum(e.n) })),
}

async function started(plan: AnyPlan, options: object = {}) {
  const out: string[] = []
  const job = await plan.run({ ...options, sink: (row: object) => void out.push(textOf(row)) })
  return { job, out }
}

// Workers that are started anew pass over as many rows as were taken: that is right only if they come as they came.
describe('what goes on from a state puts out the same rows in the same order', () => {
  it.each(Object.entries(plans))('%s', async (_, plan) => {
    const config = { maxBatch: 64 }
    const { job, out } = await started(plan(config))
    const states: { readonly bytes: Uint8Array; readonly rows: number; readonly results: number }[] = []
    for (let at = 0; at < ROWS.length; at += BLOCK) {
      await job.pushMany(ROWS.slice(at, at + BLOCK))
      if (at % (BLOCK * 25) !== BLOCK * 13) continue
      await job.flush()
      states.push({ bytes: (await job.checkpoint()).bytes, rows: at + BLOCK, results: out.length })
    }
    await job.drain()
    expect(states.length).toBe(4)
    for (const { bytes, rows, results } of states) {
      const again = await started(plan(config), { restore: bytes })
      for (let at = rows; at < ROWS.length; at += BLOCK) await again.job.pushMany(ROWS.slice(at, at + BLOCK))
      await again.job.drain()
      expect(again.out).toEqual(out.slice(results))
    }
  })
})
