import { describe, expect, it } from 'vitest'
import { Histogram } from '../../src/metrics/histogram.ts'
import type { TimeCase } from './cases.ts'
import { checksOf } from './suites.ts'

/** Percentiles are within this share of the exact ones. */
const PERCENTILE_ERROR = 0.01

/** What cases of an area claim. */
const AREAS: Readonly<Record<string, (given: TimeCase) => void>> = {
  'metrics.hdr': ({ input: { values }, expected }) => {
    const histogram = new Histogram()
    for (const value of values) histogram.record(value)
    expect(histogram.count).toBe(values.length)
    expect(histogram.mean).toBe(expected.mean)
    for (const p of [40, 50, 60])
      expect(Math.abs(histogram.percentile(p) - expected['p40..p60'])).toBeLessThanOrEqual(
        PERCENTILE_ERROR * expected['p40..p60'],
      )
    expect(histogram.percentile(100)).toBe(expected.p100)
  },
}

describe('cases of histograms', () => {
  for (const { name, check } of checksOf('histogram', { areas: AREAS })) it(name, check as () => void)
})
