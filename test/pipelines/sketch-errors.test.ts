import { describe, expect, it } from 'vitest'
import { approxDistinct, distinctCount } from '../../src/expression/distribution-aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'
import { Random } from '../kernels/random.ts'

// Of many and large sets: what approxDistinct counts of batches of two rows is tried in sketches.test.ts.

/** The stated standard error of 4,096 registers. */
const STANDARD_ERROR = 1.04 / 64

const numbers = schema({ time: timestamp(), x: f64() })

/** What is found about the distinct values of a column of numbers, all in one window. */
async function aboutNumbers(engine: 'wasm' | 'js', x: Float64Array): Promise<{ about: number; exact: number }> {
  let found: { about: number; exact: number } | undefined
  const job = await pipeline(numbers, { engine })
    .eventTime('time')
    .window(tumbling(10))
    .aggregate(e => ({ about: approxDistinct(e.x), exact: distinctCount(e.x) }))
    .run({ sink: ({ about, exact }) => void (found = { about, exact }) })
  const step = 50_000
  for (let at = 0; at < x.length; at += step) {
    const block = x.subarray(at, at + step)
    await job.pushColumns({ time: new Float64Array(block.length), x: block })
  }
  await job.drain()
  return found!
}

const KINDS: Readonly<Record<string, (random: Random, i: number) => number>> = {
  'numbers in a row': (_, i) => i,
  'event times': (_, i) => 1_700_000_000_000 + i * 1000,
  'fractions in a row': (_, i) => i / 8,
  'random numbers': random => random.u32() + random.u32() / 2 ** 32,
}

describe('the error of approxDistinct', () => {
  it.each(Object.keys(KINDS))('is within five standard errors of the count of %s, and exact up to 256', async kind => {
    const random = new Random(11)
    for (const size of [1, 100, 256, 257, 1_000, 5_000, 20_000, 100_000]) {
      const x = Float64Array.from({ length: size }, (_, i) => KINDS[kind]!(random, i))
      const { about, exact } = await aboutNumbers('wasm', x)
      expect(exact).toBe(size)
      if (size <= 256) expect(about).toBe(size)
      expect(Math.abs(about - size)).toBeLessThanOrEqual(size * 5 * STANDARD_ERROR)
    }
  })

  it('is so for a million values, each of which comes twice, to the same count on both engines', async () => {
    const size = 1_000_000
    const x = Float64Array.from({ length: 2 * size }, (_, i) => (i * 7919) % size)
    const { about, exact } = await aboutNumbers('wasm', x)
    expect(exact).toBe(size)
    expect(Math.abs(about - size)).toBeLessThanOrEqual(size * 5 * STANDARD_ERROR)
    expect((await aboutNumbers('js', x)).about).toBe(about)
  })

  it('errs by the stated standard error, over many sets, without a bias', async () => {
    const random = new Random(5)
    for (const size of [2_000, 12_000]) {
      const errors: number[] = []
      for (let set = 0; set < 60; set++) {
        const x = Float64Array.from({ length: size }, () => random.u32() * 2 ** 20 + set)
        errors.push((await aboutNumbers('wasm', x)).about / new Set(x).size - 1)
      }
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
      const rms = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length)
      // Of 60 errors the root mean square is within a quarter of its expectation with better than 99.9 %.
      expect(rms).toBeLessThan(STANDARD_ERROR * 1.3)
      expect(Math.abs(mean)).toBeLessThan((4 * STANDARD_ERROR) / Math.sqrt(errors.length))
    }
  })
})
