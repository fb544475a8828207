import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Duration, durationMs, formatDuration } from '../../src/time/duration.ts'

describe('durationMs', () => {
  it.each<[Duration, number]>([
    [250, 250],
    [0, 0],
    [-250, -250],
    ['500ms', 500],
    ['1m', 60_000],
    ['1s', 1_000],
    ['1h30m', 5_400_000],
    ['1d', 86_400_000],
    ['1d2h3m', 93_780_000],
    ['1.5s', 1_500],
    ['1.1s', 1_100],
    ['0.001s', 1],
    ['-8h', -28_800_000],
    ['1m30s', 90_000],
    ['2m5ms', 120_005],
    ['90m', 5_400_000],
  ])('reads %s as %i ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms)
  })

  it.each([
    '',
    '-',
    '5',
    'm',
    '1x',
    '1 m',
    ' 1m',
    '1m ',
    '30m1h',
    '1m1m',
    '1e3s',
    '0.5ms',
    '1..5s',
    '.5s',
    '+1s',
    '1mm',
    '9'.repeat(200),
    `${'9'.repeat(30)}d`,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    0.5,
    2 ** 53,
    null,
    undefined,
    {},
    5n,
  ])('refuses %s', given => {
    expect(() => durationMs(given as Duration, 'size')).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', at: 'size' }),
    )
  })

  it('gives no negative zero', () => {
    expect(Object.is(durationMs('-0s'), 0)).toBe(true)
    expect(Object.is(durationMs(-0), 0)).toBe(true)
  })

  it('reads back what formatDuration wrote', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e13, max: 1e13 }), ms => {
        expect(durationMs(formatDuration(ms) as Duration)).toBe(ms)
      }),
    )
    expect(formatDuration(90_061_001)).toBe('1d1h1m1s1ms')
  })
})
