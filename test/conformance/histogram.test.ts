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
    const near = (p: number, value: number) =>
      expect(Math.abs(histogram.percentile(p) - value)).toBeLessThanOrEqual(PERCENTILE_ERROR * value)
    for (const [name, value] of Object.entries(expected) as [string, never][]) {
      // Histograms keep no spread.
      if (name === 'stdDevBetween') continue
      const [from, to] = name.split('..').map(each => Number(/^p(\d+)$/.exec(each)?.[1]))
      if (name === 'mean' || name === 'min' || name === 'max') expect(histogram[name]).toBe(value)
      else if (to === undefined && from === 100) expect(histogram.percentile(100)).toBe(value)
      else for (let p = from!; p <= (to ?? from!); p += 10) near(p, value)
    }
  },
}

describe('cases of histograms', () => {
  for (const { name, check } of checksOf('histogram', { areas: AREAS })) it(name, check as () => void)
})
