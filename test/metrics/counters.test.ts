import { describe, expect, it } from 'vitest'
import {
  COUNTER_CELLS,
  Counter,
  type CounterName,
  Counters,
  createCountersSnapshot,
} from '../../src/metrics/counters.ts'

const names = Object.keys(Counter) as CounterName[]

describe('Counters', () => {
  it('gives every name a cell of its own inside the block', () => {
    const cells = names.map(name => Counter[name])
    expect(new Set(cells).size).toBe(names.length)
    for (const cell of cells) expect(cell).toBeLessThan(COUNTER_CELLS)
  })

  it('shows every counter under its own name in a snapshot', () => {
    for (const name of names) {
      const counters = new Counters()
      counters.add(Counter[name], 7)
      expect(counters.snapshotInto(createCountersSnapshot())).toEqual({ ...createCountersSnapshot(), [name]: 7 })
    }
  })

  it('keeps the published layout', () => {
    expect(names.map(name => `${Counter[name]} ${name}`)).toEqual([
      '0 offered',
      '1 accepted',
      '2 delivered',
      '3 numRecordsIn',
      '4 numRecordsOut',
      '5 numLateRecordsDropped',
      '6 filtered',
      '7 evicted',
      '8 rejectedFull',
      '9 rejectedClosed',
      '10 rejectedTimeout',
      '11 rejectedAborted',
      '12 rejectedCircuitOpen',
      '13 failed',
      '14 skipped',
      '15 deadLettered',
      '16 retried',
      '17 invalid',
    ])
  })

  it('only grows', () => {
    const counters = new Counters()
    counters.add(Counter.filtered)
    counters.add(Counter.filtered, 0)
    expect(() => counters.add(Counter.filtered, -1)).toThrow(/only grows/)
    expect(() => counters.add(Counter.filtered, Number.NaN)).toThrow(/only grows/)
    expect(counters.get(Counter.filtered)).toBe(1)
  })

  it('merges blocks of several workers', () => {
    const a = new Counters()
    const b = new Counters(new Float64Array(new SharedArrayBuffer(COUNTER_CELLS * 8)))
    a.add(Counter.rejectedFull, 3)
    b.add(Counter.rejectedFull, 4)
    b.add(Counter.retried, 2)
    a.merge(b)
    expect(a.snapshotInto(createCountersSnapshot())).toEqual({
      ...createCountersSnapshot(),
      rejectedFull: 7,
      retried: 2,
    })
  })

  it('refuses storage of another length', () => {
    expect(() => new Counters(new Float64Array(31))).toThrow(/32 cells/)
  })
})
