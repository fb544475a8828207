import { describe, expect, it } from 'vitest'
import { countText, durationText, rowsText, shareText } from '../../src/metrics/wording.ts'

describe('wording', () => {
  it('groups thousands the same everywhere', () => {
    expect([0, 999, 1000, 65_536, 1_234_567.4].map(countText)).toEqual(['0', '999', '1,000', '65,536', '1,234,567'])
    expect(countText(Number.POSITIVE_INFINITY)).toBe('Infinity')
  })

  it('does not round a share to all or nothing', () => {
    expect([0, 0.001, 0.924, 0.999, 1].map(shareText)).toEqual(['0 %', 'under 1 %', '92 %', 'over 99 %', '100 %'])
  })

  it('picks the unit of a duration that fits', () => {
    expect([12, 1500, 41e6, 250e6, 9.87e9, 119e9, 600e9].map(durationText)).toEqual([
      '12 ns',
      '1.5 µs',
      '41 ms',
      '250 ms',
      '9.9 s',
      '119 s',
      '10 min',
    ])
  })

  it('knows one row from several', () => {
    expect([0, 1, 2].map(rowsText)).toEqual(['0 rows', '1 row', '2 rows'])
  })
})
