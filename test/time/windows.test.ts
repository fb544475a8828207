import { describe, expect, it } from 'vitest'
import { checkWindow, tumbling } from '../../src/time/windows.ts'

const refused = expect.objectContaining({ code: 'OPTION_INVALID' })

describe('tumbling', () => {
  it('is frozen data in milliseconds', () => {
    const spec = tumbling('1m', { offset: '-5s' })
    expect(spec).toEqual({ kind: 'tumbling', sizeMs: 60_000, offsetMs: -5_000 })
    expect(Object.isFrozen(spec)).toBe(true)
    expect(tumbling(1)).toEqual({ kind: 'tumbling', sizeMs: 1, offsetMs: 0 })
  })

  it('refuses sizes of nothing and less', () => {
    for (const size of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '0s', '-1m'] as const)
      expect(() => tumbling(size)).toThrow(refused)
  })

  it('refuses offsets as long as the window, either way', () => {
    for (const offset of [5_000, -5_000, 7_000, 0.5, Number.NaN])
      expect(() => tumbling(5_000, { offset })).toThrow(refused)
    for (const offset of [4_999, -4_999, 0]) expect(tumbling(5_000, { offset }).offsetMs).toBe(offset)
  })
})

describe('checkWindow', () => {
  it('refuses foreign data that is no window, and keeps nothing but the window', () => {
    for (const given of [
      null,
      undefined,
      1,
      'tumbling',
      {},
      { kind: 'hopping', sizeMs: 1, offsetMs: 0 },
      { kind: 'tumbling' },
      { kind: 'tumbling', sizeMs: '5', offsetMs: 0 },
      { kind: 'tumbling', sizeMs: 5 },
    ])
      expect(() => checkWindow(given)).toThrow(refused)
    expect(checkWindow({ kind: 'tumbling', sizeMs: 5, offsetMs: 1, extra: 1 })).toEqual({
      kind: 'tumbling',
      sizeMs: 5,
      offsetMs: 1,
    })
  })
})
