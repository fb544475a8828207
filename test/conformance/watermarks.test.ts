import { describe, expect, it } from 'vitest'
import { pipeline } from '../../src/pipeline.ts'
import { timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import type { TimeCase } from './cases.ts'
import { checksOf } from './suites.ts'

/** What cases of an area claim. */
const AREAS: Readonly<Record<string, (given: TimeCase) => Promise<void>>> = {
  'watermark.bounded': async ({ input: { bound, events, probes = 1 }, expected: { watermark } }) => {
    const times = pipeline(schema({ time: timestamp() })).eventTime('time', { outOfOrdernessMs: bound })
    const job = await times.run({ sink: () => {} })
    for (const time of events as number[]) job.push({ time })
    await job.flush()
    for (let probe = 0; probe < probes; probe++)
      expect(job.metrics().currentInputWatermark).toBe(watermark === '-Infinity' ? -Infinity : watermark)
    await job.drain()
    expect(job.metrics().currentInputWatermark).toBe(Number.POSITIVE_INFINITY)
  },
}

describe('cases of watermarks', () => {
  for (const { name, check } of checksOf('watermarks', { areas: AREAS })) it(name, check as () => Promise<void>)
})
