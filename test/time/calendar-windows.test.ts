import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { slicesOf } from '../../src/operators/window/slices-of.ts'
import { type CalendarSpec, calendar, daysOfUnits } from '../../src/time/calendar-windows.ts'
import { checkWindow, describeWindow } from '../../src/time/windows.ts'
import { stretchOf } from '../plan/calendar-stretches.ts'

const refused = expect.objectContaining({ code: 'OPTION_INVALID' })
const DAY_MS = 86_400_000

describe('calendar', () => {
  it('is frozen data; weeks begin on Monday unless they are told otherwise', () => {
    const spec = calendar('day', { zone: 'Europe/Berlin' })
    expect(spec).toEqual({ kind: 'calendar', unit: 'day', zone: 'Europe/Berlin' })
    expect(Object.isFrozen(spec)).toBe(true)
    expect(calendar('week', { zone: 'UTC' }).weekStartsOn).toBe('monday')
    expect(
      calendar('week', { zone: 'UTC', weekStartsOn: 'sunday', allowedLateness: '1d', firing: 'retracting' }),
    ).toEqual({
      kind: 'calendar',
      unit: 'week',
      zone: 'UTC',
      weekStartsOn: 'sunday',
      allowedLatenessMs: DAY_MS,
      firing: 'retracting',
    })
  })

  it('refuses units, zones and weekdays there are not, and a first weekday of days', () => {
    expect(() => calendar('year' as 'day', { zone: 'UTC' })).toThrow(refused)
    expect(() => calendar('day', { zone: 'Berlin' })).toThrow(refused)
    expect(() => calendar('day', {} as { zone: string })).toThrow(refused)
    expect(() => calendar('week', { zone: 'UTC', weekStartsOn: 'Monday' as 'monday' })).toThrow(refused)
    expect(() => calendar('day', { zone: 'UTC', weekStartsOn: 'monday' })).toThrow(refused)
    expect(() => calendar('day', { zone: 'UTC', allowedLateness: -1 })).toThrow(refused)
  })

  it.each([
    [calendar('day', { zone: 'UTC' }), 'calendar day in UTC'],
    [
      calendar('week', { zone: 'Asia/Tokyo', lateTo: 'late' }),
      'calendar week from monday in Asia/Tokyo, late rows to late',
    ],
  ])('comes back from JSON, checked, and is told in words: %o', (spec, words) => {
    expect(checkWindow({ ...JSON.parse(JSON.stringify(spec)), extra: 1 })).toEqual(spec)
    expect(describeWindow(spec)).toBe(words)
  })

  it('has the months of the Gregorian calendar, leap years and all', () => {
    const months = daysOfUnits(calendar('month', { zone: 'UTC' }))
    const wrong: string[] = []
    for (let year = -800; year <= 2800; year++) {
      for (let month = 0; month < 12; month++) {
        const first = new Date(0).setUTCFullYear(year, month, 1) / DAY_MS
        const index = (year - 1970) * 12 + month
        const found = [months.firstDay(index), months.unitOf(first), months.unitOf(first - 1)]
        if (found.join() !== [first, index, index - 1].join()) wrong.push(`${year}-${month + 1}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('has windows that are the stretches of the calendar, before the epoch too', () => {
    const specs = fc
      .record({
        unit: fc.constantFrom('day', 'week', 'month'),
        zone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/Sao_Paulo', 'Australia/Lord_Howe'),
        weekStartsOn: fc.constantFrom('monday', 'sunday', 'wednesday', 'saturday'),
      })
      .map(
        ({ unit, zone, weekStartsOn }): CalendarSpec =>
          unit === 'week' ? calendar(unit, { zone, weekStartsOn }) : calendar(unit as 'day', { zone }),
      )
    fc.assert(
      fc.property(specs, fc.integer({ min: Date.UTC(1962, 0, 1), max: Date.UTC(2030, 0, 1) }), (spec, time) => {
        const slices = slicesOf(spec)
        const window = slices.sliceOf(time)
        expect({ start: slices.startMs(window), end: slices.endMs(window) }).toEqual(stretchOf(spec, time))
        expect(slices.firstOpen(slices.endMs(window) - 2)).toBe(window)
        expect(slices.sliceOf(slices.endMs(window))).toBeGreaterThan(window)
      }),
      { numRuns: 100 },
    )
  })
})
