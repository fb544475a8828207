import { describe, expect, it } from 'vitest'
import { type CounterName, Counters, createCountersSnapshot } from '../../src/metrics/counters.ts'

const names = Object.keys(createCountersSnapshot()) as CounterName[]

describe('Counters', () => {
  it('shows every counter under its own name in a snapshot', () => {
    for (const name of names) {
      const counters = new Counters()
      counters.add(name, 7)
      expect(counters.snapshotInto(createCountersSnapshot())).toEqual({ ...createCountersSnapshot(), [name]: 7 })
    }
  })

  it('only grows', () => {
    const counters = new Counters()
    counters.add('filtered', 1)
    counters.add('filtered', 0)
    expect(() => counters.add('filtered', -1)).toThrow(/only grows/)
    expect(() => counters.add('filtered', Number.NaN)).toThrow(/only grows/)
    expect(counters.get('filtered')).toBe(1)
  })
})
