import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ZoneDays } from '../../src/time/zone-days.ts'
import { dateIn } from '../plan/calendar-stretches.ts'

const DAY_MS = 86_400_000
const dayOf = (date: string) => Date.parse(`${date}T00:00:00Z`) / DAY_MS

/** When days around changes of clocks begin, as CPython's zoneinfo has it. */
const BEGINNINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'Europe/Berlin': {
    '2024-03-31': '2024-03-30T23:00:00Z',
    '2024-04-01': '2024-03-31T22:00:00Z',
    '2024-10-27': '2024-10-26T22:00:00Z',
    '2024-10-28': '2024-10-27T23:00:00Z',
  },
  'America/Sao_Paulo': {
    '2017-10-15': '2017-10-15T03:00:00Z',
    '2017-10-16': '2017-10-16T02:00:00Z',
    '2018-02-17': '2018-02-17T02:00:00Z',
    '2018-02-18': '2018-02-18T03:00:00Z',
  },
  'Asia/Beirut': {
    '2022-03-27': '2022-03-26T22:00:00Z',
    '2022-03-28': '2022-03-27T21:00:00Z',
    '2022-10-30': '2022-10-29T22:00:00Z',
    '2022-10-29': '2022-10-28T21:00:00Z',
  },
  'Pacific/Apia': {
    '2011-12-29': '2011-12-29T10:00:00Z',
    '2011-12-30': '2011-12-30T10:00:00Z',
    '2011-12-31': '2011-12-30T10:00:00Z',
  },
  'Pacific/Kwajalein': {
    '1993-08-20': '1993-08-20T12:00:00Z',
    '1993-08-21': '1993-08-21T12:00:00Z',
    '1993-08-22': '1993-08-21T12:00:00Z',
  },
  'America/St_Johns': {
    '2006-10-28': '2006-10-28T02:30:00Z',
    '2006-10-29': '2006-10-29T02:30:00Z',
    '2006-10-30': '2006-10-30T03:30:00Z',
  },
  'Australia/Lord_Howe': {
    '2024-04-07': '2024-04-06T13:00:00Z',
    '2024-04-08': '2024-04-07T13:30:00Z',
    '2024-10-06': '2024-10-05T13:30:00Z',
    '2024-10-07': '2024-10-06T13:00:00Z',
  },
  'Asia/Kathmandu': {
    '1986-01-01': '1985-12-31T18:30:00Z',
    '1986-01-02': '1986-01-01T18:15:00Z',
  },
  'America/Havana': {
    '2013-11-03': '2013-11-03T04:00:00Z',
    '2013-11-04': '2013-11-04T05:00:00Z',
    '2013-03-10': '2013-03-10T05:00:00Z',
  },
  'America/Santiago': {
    '2024-09-08': '2024-09-08T04:00:00Z',
    '2024-09-09': '2024-09-09T03:00:00Z',
    '2024-04-07': '2024-04-07T04:00:00Z',
  },
  'Asia/Amman': {
    '2022-02-25': '2022-02-24T22:00:00Z',
    '2022-02-26': '2022-02-25T21:00:00Z',
  },
  'Atlantic/Azores': {
    '2024-03-31': '2024-03-31T01:00:00Z',
    '2024-04-01': '2024-04-01T00:00:00Z',
    '2024-10-27': '2024-10-27T00:00:00Z',
    '2024-10-28': '2024-10-28T01:00:00Z',
  },
  'Pacific/Chatham': {
    '2024-04-07': '2024-04-06T10:15:00Z',
    '2024-04-08': '2024-04-07T11:15:00Z',
  },
  'Africa/Monrovia': {
    '1972-01-07': '1972-01-07T00:44:30Z',
    '1972-01-08': '1972-01-08T00:00:00Z',
  },
}

describe('days of a zone', () => {
  it.each(Object.entries(BEGINNINGS))('begin in %s when the tz database says', (zone, beginnings) => {
    const days = new ZoneDays(zone)
    for (const [date, instant] of Object.entries(beginnings))
      expect(new Date(days.startOf(dayOf(date))).toISOString(), date).toBe(instant.replace('Z', '.000Z'))
  })

  it('are 23 or 25 hours long when clocks change, and of no length where a date was left out', () => {
    const hours = (zone: string, date: string) => {
      const days = new ZoneDays(zone)
      return (days.startOf(dayOf(date) + 1) - days.startOf(dayOf(date))) / 3_600_000
    }
    expect(hours('Europe/Berlin', '2024-03-31')).toBe(23)
    expect(hours('Europe/Berlin', '2024-10-27')).toBe(25)
    expect(hours('Australia/Lord_Howe', '2024-04-07')).toBe(24.5)
    expect(hours('America/Sao_Paulo', '2017-10-15')).toBe(23)
    expect(hours('Pacific/Apia', '2011-12-30')).toBe(0)
    expect(hours('Pacific/Apia', '2011-12-31')).toBe(24)
    expect(hours('UTC', '1600-02-29')).toBe(24)
  })

  it('never go back with the clocks: the hour before midnight that comes twice is of the day it was when it first ended', () => {
    const days = new ZoneDays('America/St_Johns')
    // At 00:01 of October 29 clocks went back to 23:01 of October 28.
    const repeated = Date.parse('2006-10-29T02:45:00Z')
    expect(dateIn('America/St_Johns', repeated)).toBe('2006-10-28')
    expect(days.at(repeated)).toBe(dayOf('2006-10-29'))
  })

  it('begin at the first instant that has their date, in every zone Intl has', () => {
    const zones = Intl.supportedValuesOf('timeZone')
    const times = fc.integer({ min: Date.UTC(1975, 0, 1), max: Date.UTC(2035, 0, 1) })
    fc.assert(
      fc.property(fc.constantFrom(...zones), times, (zone, time) => {
        const days = new ZoneDays(zone)
        const day = days.at(time)
        const [start, end] = [days.startOf(day), days.startOf(day + 1)]
        expect(start).toBeLessThanOrEqual(time)
        expect(end).toBeGreaterThan(time)
        expect(dayOf(dateIn(zone, start))).toBe(day)
        expect(dayOf(dateIn(zone, start - 1))).toBeLessThan(day)
        expect(dayOf(dateIn(zone, end))).toBeGreaterThan(day)
      }),
      { numRuns: 400 },
    )
  })

  it('go on beyond the dates JavaScript has, and to both ends of time', () => {
    const days = new ZoneDays('Asia/Kolkata')
    const last = Number.MAX_SAFE_INTEGER
    expect(days.startOf(days.at(last))).toBeLessThanOrEqual(last)
    expect(days.startOf(days.at(last) + 1)).toBeGreaterThan(last)
    expect(days.startOf(days.at(-last))).toBeLessThanOrEqual(-last)
    for (const end of [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]) {
      expect(days.at(end)).toBe(end)
      expect(days.startOf(end)).toBe(end)
    }
  })

  it('are those of a zone the runtime knows', () => {
    for (const zone of ['Mars/Olympus', '', 'europe', undefined, null, 2, {}, ['UTC'], 'x'.repeat(1e6)])
      expect(() => new ZoneDays(zone)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', at: 'zone' }))
  })
})
