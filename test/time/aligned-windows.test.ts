import { describe, expect, it } from 'vitest'
import { checkWindow, cumulate, hopping, tumbling } from '../../src/time/windows.ts'

const refused = expect.objectContaining({ code: 'OPTION_INVALID' })

describe('hopping', () => {
  it('is frozen data in milliseconds', () => {
    const spec = hopping('10s', '2s', { offset: '-500ms' })
    expect(spec).toEqual({ kind: 'hopping', sizeMs: 10_000, slideMs: 2_000, offsetMs: -500 })
    expect(Object.isFrozen(spec)).toBe(true)
  })

  it('refuses lengths of nothing and less, and offsets as long as the slide', () => {
    for (const bad of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '-1s'] as const) {
      expect(() => hopping(bad, 1)).toThrow(refused)
      expect(() => hopping(10, bad)).toThrow(refused)
    }
    for (const offset of [2, -2, 9]) expect(() => hopping(10, 2, { offset })).toThrow(refused)
  })

  it('takes a slide longer than the size only for samples', () => {
    expect(() => hopping(3, 10)).toThrow(refused)
    expect(() => hopping(3, 10, { sampling: false })).toThrow(refused)
    expect(hopping(3, 10, { sampling: true })).toMatchObject({ sizeMs: 3, slideMs: 10, sampling: true })
    expect(() => checkWindow({ kind: 'hopping', sizeMs: 3, slideMs: 10, offsetMs: 0, sampling: 'yes' })).toThrow(
      refused,
    )
  })
})

describe('cumulate', () => {
  it('is frozen data in milliseconds', () => {
    expect(cumulate('2m', '10m')).toEqual({ kind: 'cumulate', stepMs: 120_000, maxMs: 600_000, offsetMs: 0 })
    expect(Object.isFrozen(cumulate(1, 1))).toBe(true)
  })

  it('refuses a longest window that is no multiple of the step', () => {
    for (const [step, max] of [
      [3, 10],
      [10, 5],
      [0, 5],
      [5, 0],
    ] as const)
      expect(() => cumulate(step, max)).toThrow(refused)
    expect(() => cumulate(2, 10, { offset: 10 })).toThrow(refused)
  })
})

describe('emit', () => {
  it('is part of the data only when it is not as ever', () => {
    expect(tumbling(10, { emit: 'onUpdate' })).toMatchObject({ emit: 'onUpdate' })
    expect(tumbling(10, { emit: 'onClose' })).toEqual(tumbling(10))
    expect(() => hopping(10, 5, { emit: 'never' as 'onClose' })).toThrow(refused)
  })
})

describe('what windows do about late rows', () => {
  const options = { allowedLateness: '1m', firing: 'retracting', lateTo: 'late' } as const

  it('is part of their data', () => {
    const late = { allowedLatenessMs: 60_000, firing: 'retracting', lateTo: 'late' }
    for (const spec of [tumbling(10, options), hopping(10, 5, options), cumulate(5, 10, options)]) {
      expect(spec).toMatchObject(late)
      expect(checkWindow(JSON.parse(JSON.stringify(spec)))).toEqual(spec)
    }
    expect(Object.keys(tumbling(10))).toEqual(['kind', 'sizeMs', 'offsetMs'])
  })

  it('is refused when it makes no sense', () => {
    expect(() => tumbling(10, { allowedLateness: -1 })).toThrow(refused)
    expect(() => tumbling(10, { firing: 'twice' as 'discarding' })).toThrow(refused)
    expect(() => tumbling(10, { lateTo: '__proto__' })).toThrow(expect.objectContaining({ code: 'SCHEMA_INVALID' }))
    for (const allowedLatenessMs of ['1', -1, 0.5, null])
      expect(() => checkWindow({ kind: 'tumbling', sizeMs: 1, offsetMs: 0, allowedLatenessMs })).toThrow(refused)
  })
})
