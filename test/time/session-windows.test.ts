import { describe, expect, it } from 'vitest'
import { session, slidingPerEvent } from '../../src/time/session-windows.ts'
import { checkWindow, describeWindow } from '../../src/time/windows.ts'

const refused = expect.objectContaining({ code: 'OPTION_INVALID' })

describe('session', () => {
  it('is frozen data in milliseconds that merges at the exact gap', () => {
    const spec = session('10s')
    expect(spec).toEqual({ kind: 'session', gapMs: 10_000, touch: 'merge' })
    expect(Object.isFrozen(spec)).toBe(true)
    expect(session(5, { touch: 'split', allowedLateness: '1m', firing: 'retracting', lateTo: 'late' })).toEqual({
      kind: 'session',
      gapMs: 5,
      touch: 'split',
      allowedLatenessMs: 60_000,
      firing: 'retracting',
      lateTo: 'late',
    })
  })

  it('refuses gaps of nothing and less, and other answers to what touches', () => {
    for (const gap of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '-1s'] as const)
      expect(() => session(gap)).toThrow(refused)
    expect(() => session(1, { touch: 'both' as 'merge' })).toThrow(refused)
    expect(() => session(1, { emit: 'always' as 'onClose' })).toThrow(refused)
  })
})

describe('slidingPerEvent', () => {
  it('is frozen data in milliseconds; a difference of nothing is a window of one millisecond', () => {
    const spec = slidingPerEvent('1m', { allowedLateness: 5 })
    expect(spec).toEqual({ kind: 'slidingPerEvent', diffMs: 60_000, allowedLatenessMs: 5 })
    expect(Object.isFrozen(spec)).toBe(true)
    expect(slidingPerEvent(0).diffMs).toBe(0)
  })

  it('refuses negative differences, and firings it has not', () => {
    for (const diff of [-1, 0.5, Number.NaN, '-1s'] as const) expect(() => slidingPerEvent(diff)).toThrow(refused)
    for (const firing of ['discarding', 'retracting'])
      expect(() => checkWindow({ kind: 'slidingPerEvent', diffMs: 1, firing })).toThrow(refused)
  })
})

describe('windows around rows as data', () => {
  it.each([
    [session('10s'), 'session 10s'],
    [session(1, { touch: 'split', emit: 'onUpdate' }), 'session 1ms, split at the exact gap, on every update'],
    [slidingPerEvent('5m', { lateTo: 'late' }), 'slidingPerEvent 5m, late rows to late'],
  ])('come back from JSON and are told in words: %o', (spec, words) => {
    expect(checkWindow(JSON.parse(JSON.stringify(spec)))).toEqual(spec)
    expect(describeWindow(spec)).toBe(words)
  })

  it('keep nothing of what they are given but the window', () => {
    expect(checkWindow({ kind: 'session', gapMs: 1, touch: 'merge', extra: 1 })).toEqual(session(1))
    expect(() => checkWindow({ kind: 'session', gapMs: 1 })).toThrow(refused)
    expect(() => checkWindow({ kind: 'session', gapMs: '1', touch: 'merge' })).toThrow(refused)
  })
})
