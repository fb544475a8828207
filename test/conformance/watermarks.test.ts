import { describe, expect, it } from 'vitest'
import type { Source, SourceIntake } from '../../src/connector/source.ts'
import { pipeline } from '../../src/packaged.ts'
import { physical } from '../../src/plan/watermarks.ts'
import { timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import type { EngineCase, TimeCase } from './cases.ts'
import { numberBehind } from './engine-script.ts'
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
  'watermark.physical': async ({ input: { wait, script }, expected: { watermarks } }) => {
    const clock = new VirtualClock(1_000)
    const times = pipeline(schema({ time: timestamp() })).eventTime('time', { watermarks: physical(wait) })
    const job = await times.run({ sink: () => {}, clock })
    for (const [i, [what, at]] of (script as ['e' | 't', number][]).entries()) {
      if (what === 't') clock.advance(at)
      else {
        job.push({ time: at })
        await job.flush()
        expect(job.metrics().currentInputWatermark).toBe(watermarks[i])
      }
    }
    await job.drain()
  },
  'watermark.inputs': async ({ input: { inputs, idleness, script }, expected: { watermarks } }) => {
    const clock = new VirtualClock(0)
    const told = Array.from({ length: inputs }, toldSource)
    const job = await pipeline(schema({ time: timestamp() }))
      .eventTime('time', { idleness })
      .run({ sink: () => {}, clock, sources: told.map(({ source }) => source) })
    await job.flush()
    // Where an input becomes idle the others have rows all the time; those change nothing, being as old as can be.
    const idle = new Set<number>()
    const found: (number | null)[] = []
    for (const [what, input, at] of script as ['w' | 'idle', number, number][]) {
      if (what === 'w') {
        idle.delete(input)
        told[input]!.push({ time: at + 1 })
      } else {
        idle.add(input)
        clock.advance(idleness - 1)
        for (let other = 0; other < inputs; other++) if (!idle.has(other)) told[other]!.push({ time: -1_000_000 })
        await job.flush()
        clock.advance(1)
      }
      await job.flush()
      const { currentInputWatermark: watermark } = job.metrics()
      found.push(watermark < -1_000 ? null : watermark)
    }
    expect(found).toEqual(watermarks)
    await job.stop()
  },
}

/** A source that hands in what it is told to. */
function toldSource() {
  let intake: SourceIntake | undefined
  const source: Source = {
    metadata: { name: 'told', kind: 'told', replayable: false, bounded: true },
    run: given => {
      intake = given
      return new Promise(resolve => given.signal.addEventListener('abort', () => resolve(), { once: true }))
    },
  }
  return { source, push: (row: object) => intake!.push(row) }
}

/** What cases of a kind claim. */
const KINDS = {
  'watermark.bounded': async ({ input: { bound, ts }, expected }: EngineCase) => {
    const times = pipeline(schema({ time: timestamp() })).eventTime('time', { outOfOrdernessMs: bound })
    const job = await times.run({ sink: () => {} })
    const found: number[] = []
    for (const time of ts as number[]) {
      job.push({ time })
      await job.flush()
      found.push(job.metrics().currentInputWatermark)
    }
    await job.stop()
    expect(found).toEqual(expected)
  },
  'watermark.physical': async ({ input, semantics, expected }: EngineCase) => {
    const wait = numberBehind('wait', semantics)
    const times = pipeline(schema({ time: timestamp() })).eventTime('time', { watermarks: physical(wait) })
    for (const [i, { items, elapsed, then = [] }] of (input as PhysicalStep[]).entries()) {
      const clock = new VirtualClock(1_000)
      const job = await times.run({ sink: () => {}, clock })
      const pushAll = async (all: readonly number[]) => {
        for (const time of all) job.push({ time })
        await job.flush()
      }
      await pushAll(items)
      clock.advance(elapsed)
      // The watermark is looked at when a row meets it; one from long ago leads it nowhere.
      await pushAll(then.length > 0 ? then : [-1_000])
      expect(job.metrics().currentInputWatermark).toBe(expected[i])
      await job.drain()
    }
  },
}

/** Times of rows, how long the clock then runs, and times after that. */
interface PhysicalStep {
  readonly items: readonly number[]
  readonly elapsed: number
  readonly then?: readonly number[]
}

describe('cases of watermarks', () => {
  for (const { name, check } of checksOf('watermarks', { areas: AREAS, kinds: KINDS }))
    it(name, check as () => Promise<void>)
})
