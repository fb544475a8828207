import { describe, expect, it } from 'vitest'
import { avg, count, stdDevSample } from '../../src/expression/aggregates.ts'

import { createEngineSync } from '../../src/kernels/engine.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { ChainInstance } from '../../src/testing/chain-instance.ts'
import { session } from '../../src/time/session-windows.ts'
import { length } from '../../src/time/window-kinds/length.ts'
import { hopping, tumbling, type WindowSpec } from '../../src/time/windows.ts'
import { kernels } from '../../src/wasm/packaged/inline.ts'
import { certifiedSets, digits, MEAN_DIGITS } from '../nist-strd.ts'
import { ENGINES } from './run-plan-rows.ts'

const readings = schema({ time: timestamp(), value: f64() })
type Reading = { readonly time: number; readonly value: number }
type Result = { readonly rows: number; readonly mean: number | null; readonly deviation: number | null }

/** What windows over event time give for all values at once. */
async function ofWindows(window: WindowSpec, rows: readonly Reading[], engine: 'wasm' | 'js'): Promise<Result> {
  const results: Result[] = []
  const job = await pipeline(readings, { engine, maxBatch: 256 })
    .eventTime('time', { outOfOrdernessMs: 1_000_000 })
    .window(window as ReturnType<typeof tumbling>)
    .aggregate(e => ({ rows: count(), mean: avg(e.value), deviation: stdDevSample(e.value) }))
    .run({ sink: results })
  await job.pushMany(rows)
  await job.drain()
  return results.find(result => result.rows === rows.length)!
}

const inOrder = (values: readonly number[]): Reading[] => values.map((value, time) => ({ time, value }))

const WAYS: Readonly<Record<string, (values: readonly number[], engine: 'wasm' | 'js') => Promise<Result>>> = {
  'in one window': (values, engine) => ofWindows(tumbling(values.length), inOrder(values), engine),
  'put together from slices': (values, engine) => {
    const slide = Math.ceil(values.length / 40)
    return ofWindows(hopping(slide * 41, slide), inOrder(values), engine)
  },
  'put together from sessions': (values, engine) => {
    // Every other row makes a session of its own; the rows between them join these to ever longer ones, end to end or
    // by halves.
    const all = inOrder(values)
    const rows = [...all.filter(({ time }) => time % 2 === 0), ...all.filter(({ time }) => time % 4 === 1)]
    return ofWindows(session(1), [...rows, ...all.filter(({ time }) => time % 4 === 3)], engine)
  },
  'after other rows have left': async (values, engine) => {
    const strangers = values.slice(0, 500).map((value, i) => (i % 3 === 0 ? value * -1e9 : value / 7))
    const results: Result[] = []
    const job = await pipeline(readings, { engine })
      .window(length(values.length))
      .aggregate(e => ({ rows: count(), mean: avg(e.value), deviation: stdDevSample(e.value) }))
      .run({ sink: results })
    await job.pushMany(inOrder([...strangers, ...values]))
    await job.drain()
    return results.at(-1)!
  },
}

describe.each(ENGINES)('NIST’s certified sets on %s', engine => {
  describe.each(Object.keys(WAYS))('%s', way => {
    it.each(certifiedSets)('$name has its mean and its deviation', async ({ values, mean, stdDev, stdDevDigits }) => {
      const found = await WAYS[way]!(values, engine)
      expect(found.rows).toBe(values.length)
      expect(digits(found.mean!, mean)).toBeGreaterThanOrEqual(MEAN_DIGITS)
      expect(digits(found.deviation!, stdDev)).toBeGreaterThanOrEqual(stdDevDigits)
    })
  })
})

/** What windows give for all values at once, in instances that take over from one another behind every batch. */
function ofInstances(window: WindowSpec, rows: readonly Reading[], engines: readonly ('wasm' | 'js')[]): Result {
  const { plan } = pipeline(readings)
    .eventTime('time', { outOfOrdernessMs: 1_000_000 })
    .window(window as ReturnType<typeof tumbling>)
    .aggregate(e => ({ rows: count(), mean: avg(e.value), deviation: stdDevSample(e.value) }))
  const size = Math.ceil(rows.length / 7)
  const instanceOf = (at: number): ChainInstance => {
    const engine = createEngineSync({ engine: engines[at % engines.length]!, maxBytes: 2 ** 26, module: kernels })
    return new ChainInstance(plan, { engine, maxBatch: size, maxKeys: 1, fullEvery: 0, startMs: 0 })
  }
  let instance = instanceOf(0)
  for (let from = 0; from < rows.length; from += size) {
    instance.process(rows.slice(from, from + size))
    const state = instance.snapshot()
    instance.close()
    instance = instanceOf(from / size + 1)
    instance.restore(state)
  }
  instance.end()
  const results = instance.arrivals.get('')!.flatMap(arrival => ('row' in arrival ? [arrival.row] : []))
  const [, , found, mean, deviation] = results.find(row => row[2] === rows.length) as [number, number, ...number[]]
  return { rows: found!, mean: mean!, deviation: deviation! }
}

describe('NIST’s certified sets, cut six times on their way, by engines in turn', () => {
  it.each(certifiedSets)('$name has its mean and its deviation, to the last bit', async set => {
    const { values, mean, stdDev, stdDevDigits } = set
    const rows = inOrder(values)
    const slide = Math.ceil(values.length / 40)
    for (const window of [tumbling(values.length), hopping(slide * 41, slide), session(1)]) {
      const found = ofInstances(window, rows, ['wasm', 'js'])
      expect(await ofWindows(window, rows, 'wasm')).toMatchObject(found)
      expect(digits(found.mean!, mean)).toBeGreaterThanOrEqual(MEAN_DIGITS)
      expect(digits(found.deviation!, stdDev)).toBeGreaterThanOrEqual(stdDevDigits)
    }
  })
})
