import { describe, expect, it } from 'vitest'
import { approxDistinct, distinctCount, percentile } from '../../src/expression/distribution-aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, i64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { hopping, tumbling } from '../../src/time/windows.ts'
import { Random } from '../kernels/random.ts'
import { ENGINES } from './run-plan-rows.ts'

/** The stated standard error of 4,096 registers. */
const STANDARD_ERROR = 1.04 / 64

const numbers = schema({ time: timestamp(), x: f64() })

describe('approxDistinct', () => {
  it.each(ENGINES)('counts texts and i64 by what they are, in windows that share slices, on %s', async engine => {
    const rows = 30_000
    const found: unknown[] = []
    const job = await pipeline(schema({ time: timestamp(), t: utf8(), l: i64() }), { engine, maxKeys: 100_000 })
      .eventTime('time')
      .window(hopping(40, 10))
      .aggregate(e => ({ texts: approxDistinct(e.t), longs: approxDistinct(e.l), exact: distinctCount(e.t) }))
      .run({ sink: row => void found.push(row) })
    const time = Float64Array.from({ length: rows }, (_, i) => Math.floor(i / 100))
    const texts = Array.from({ length: rows }, (_, i) => `user-${Math.imul(i, 0x9e3779b1) >>> 18}`)
    await job.pushColumns({ time, t: texts, l: BigInt64Array.from(texts, text => BigInt(text.slice(5))) })
    await job.drain()
    expect(found.length).toBeGreaterThan(30)
    for (const row of found as { windowStart: number; texts: number; longs: number; exact: number }[]) {
      const within = (_: string, i: number) => time[i]! >= row.windowStart && time[i]! < row.windowStart + 40
      const size = new Set(texts.filter(within)).size
      expect(row.exact).toBe(size)
      for (const about of [row.texts, row.longs])
        expect(Math.abs(about - size)).toBeLessThanOrEqual(size * 5 * STANDARD_ERROR)
    }
  })
})

/** Two numbers in (0, 1] as one of the normal distribution (Box and Muller). */
const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log((random.u32() + 1) / 2 ** 32)) * Math.cos((2 * Math.PI * random.u32()) / 2 ** 32)

const DISTRIBUTIONS: Readonly<Record<string, (random: Random) => number>> = {
  uniform: random => random.u32() / 2 ** 32,
  'log-normal': random => Math.exp(3 * normal(random)),
  exponential: random => -1e6 * Math.log((random.u32() + 1) / 2 ** 32),
  negative: random => -Math.exp(normal(random)),
  'of few values': random => [1e-9, 3, 3.0000001, 1e12][random.below(4)]!,
}

describe('percentile with a relative error', () => {
  const SHARES = [0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1]

  it.each(Object.keys(DISTRIBUTIONS))('is within it of the exact one: %s', async kind => {
    const random = new Random(3)
    const length = 20_000
    const x = Float64Array.from({ length }, () => DISTRIBUTIONS[kind]!(random))
    const ordered = x.slice().sort()
    for (const error of [0.25, 0.05, 0.01, 0.001]) {
      const found: Readonly<Record<string, number>>[] = []
      const job = await pipeline(numbers, { engine: 'wasm' })
        .eventTime('time')
        .window(hopping(10, 5))
        .aggregate(e =>
          Object.fromEntries(
            SHARES.flatMap((p, i) => [
              [`exact${i}`, percentile(e.x, p)] as const,
              [`rough${i}`, percentile(e.x, p, { relativeError: error })] as const,
            ]),
          ),
        )
        .run({ sink: row => void found.push(row as never) })
      await job.pushColumns({ time: Float64Array.from(x, (_, i) => (i % 2 === 0 ? 5 : 8)), x })
      await job.drain()
      expect(found).toHaveLength(2)
      for (const row of found)
        SHARES.forEach((p, i) => {
          const rank = p * (length - 1)
          const low = ordered[Math.floor(rank)]!
          const high = ordered[Math.ceil(rank)]!
          const exact = row[`exact${i}`]!
          expect(exact).toBeGreaterThanOrEqual(low)
          expect(exact).toBeLessThanOrEqual(high)
          expect(Math.abs(row[`rough${i}`]! - exact)).toBeLessThanOrEqual(Math.abs(exact) * error * (1 + 1e-12))
        })
    }
  })

  it('keeps zero, infinities and NaN apart', async () => {
    const found: unknown[] = []
    const job = await pipeline(numbers, { engine: 'js' })
      .eventTime('time')
      .window(tumbling(1))
      .aggregate(e => ({
        least: percentile(e.x, 0, { relativeError: 0.01 }),
        middle: percentile(e.x, 0.5, { relativeError: 0.01 }),
        most: percentile(e.x, 1, { relativeError: 0.01 }),
      }))
      .run({ sink: ({ least, middle, most }) => void found.push([least, middle, most]) })
    const { NaN: nan, POSITIVE_INFINITY: infinity } = Number
    const windows = [
      [-infinity, 0, infinity, nan],
      [nan, nan],
      [0, -0, 0],
    ]
    for (const [time, values] of windows.entries())
      await job.pushColumns({ time: new Float64Array(values.length).fill(time), x: Float64Array.from(values) })
    await job.drain()
    expect(found).toEqual([
      [-infinity, 0, infinity],
      [nan, nan, nan],
      [0, 0, 0],
    ])
  })
})
