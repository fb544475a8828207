import { optionInvalid, show } from '../errors.ts'
import { checkOptions, type NoOthers, type OptionNames } from '../options.ts'
import { checkEarly, describeEarly, type EarlyOptions, type EarlySpec, earlySpec } from './early.ts'
import { checkFill, describeFill, type FillOf, type FillOptions, type FillSpec, fillSpec } from './fill-empty.ts'
import {
  checkLateness,
  describeLateness,
  type FiringOf,
  LATENESS,
  type LatenessOptions,
  type LatenessSpec,
  latenessSpec,
} from './lateness.ts'
import { ZoneDays } from './zone-days.ts'

const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const

/** A day of the week. */
export type Weekday = (typeof WEEKDAYS)[number]

/** What stretches of a calendar windows may be. */
export type CalendarUnit = 'day' | 'week' | 'month'

/** Windows of one day, week or month each, as the calendar of a time zone has them. */
export interface CalendarSpec extends LatenessSpec, FillSpec, EarlySpec {
  readonly kind: 'calendar'
  readonly unit: CalendarUnit
  readonly zone: string
  /** Present for weeks. */
  readonly weekStartsOn?: Weekday
}

/** Options of calendar windows. */
export interface CalendarOptions extends LatenessOptions, FillOptions, EarlyOptions {
  /** Whose midnight it is: a name of the IANA time zone database, `'UTC'`, `'Europe/Berlin'`. */
  readonly zone: string
  /** The first day of a week, for weeks only; default `'monday'`. */
  readonly weekStartsOn?: Weekday
}

const CALENDAR: OptionNames<CalendarOptions> = {
  zone: true,
  weekStartsOn: true,
  ...LATENESS,
  fillEmpty: true,
  early: true,
}

/**
 * Windows by the calendar of a time zone: its days, weeks or months, each from midnight to midnight there. On days when
 * clocks change a window is an hour shorter or longer; what `Intl` knows of the zone says when. A day begins at the first
 * instant that has its date (as in java.time): where clocks leave midnight out, that is the instant they are set forward.
 *
 * @throws EventfluxError `OPTION_INVALID`, also for a zone this runtime doesn't know.
 *
 * @example
 * ```ts
 * calendar('day', { zone: 'Europe/Berlin' })
 * calendar('week', { zone: 'America/New_York', weekStartsOn: 'sunday' })
 * calendar('month', { zone: 'UTC', allowedLateness: '1d' })
 * ```
 */
export function calendar<const O extends CalendarOptions>(
  unit: CalendarUnit,
  options: O & NoOthers<O, CalendarOptions>,
): CalendarSpec & FiringOf<O> & FillOf<O> {
  const given = options ?? ({} as O)
  checkOptions('calendar', given, CALENDAR)
  const { zone, weekStartsOn } = given
  return checkCalendar({
    unit,
    zone,
    ...(weekStartsOn !== undefined && { weekStartsOn }),
    ...fillSpec(given),
    ...earlySpec(given),
    ...latenessSpec(given),
  }) as CalendarSpec & FiringOf<O> & FillOf<O>
}

/** Checks a calendar window given as data and freezes a copy. @throws EventfluxError `OPTION_INVALID`. */
export function checkCalendar(given: Partial<Record<keyof CalendarSpec, unknown>>): CalendarSpec {
  const { unit, zone, weekStartsOn } = given
  if (unit !== 'day' && unit !== 'week' && unit !== 'month')
    throw optionInvalid(`The calendar has 'day', 'week' and 'month', not ${show(unit)}`, { value: unit, at: 'unit' })
  if (weekStartsOn !== undefined && (unit !== 'week' || !WEEKDAYS.includes(weekStartsOn as Weekday)))
    throw optionInvalid(`weekStartsOn is the weekday a week begins with, ${show(weekStartsOn)} of a ${unit} isn't`, {
      value: weekStartsOn,
      at: 'weekStartsOn',
    })
  return Object.freeze({
    kind: 'calendar',
    unit,
    zone: new ZoneDays(zone).zone,
    ...(unit === 'week' && { weekStartsOn: (weekStartsOn ?? 'monday') as Weekday }),
    ...checkFill(given),
    ...checkEarly(given),
    ...checkLateness(given),
  })
}

/** A window as `explain()` shows it. */
export function describeCalendar(window: CalendarSpec): string {
  const from = window.weekStartsOn === undefined ? '' : ` from ${window.weekStartsOn}`
  return `calendar ${window.unit}${from} in ${window.zone}${describeFill(window)}${describeEarly(window)}${describeLateness(window)}`
}

/** How days (0 is 1970-01-01, a Thursday) make units, which are numbered on with time. */
export interface DaysOfUnits {
  unitOf(day: number): number
  firstDay(unit: number): number
}

/** How days make the units of a spec. */
export function daysOfUnits({ unit, weekStartsOn = 'monday' }: CalendarSpec): DaysOfUnits {
  if (unit === 'day') return { unitOf: day => day, firstDay: day => day }
  if (unit === 'month') return { unitOf: monthOf, firstDay: firstDayOfMonth }
  // Day 4 was a Monday.
  const first = 4 + WEEKDAYS.indexOf(weekStartsOn)
  return { unitOf: day => Math.floor((day - first) / 7), firstDay: week => week * 7 + first }
}

const DAYS_OF_400_YEARS = 146_097
const MONTHS_OF_400_YEARS = 4_800
/** Days of a year before each month, in a year that begins in March and so ends with its leap day. */
const BEFORE_MONTH = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337]
/** 0000-03-01. */
const FIRST_MARCH = -719_468

/** Months since 1970-01 (Gregorian, also where it didn't hold yet). */
function monthOf(day: number): number {
  let month = Math.floor((day - FIRST_MARCH) / (DAYS_OF_400_YEARS / MONTHS_OF_400_YEARS)) + 2 - 1970 * 12
  while (firstDayOfMonth(month) > day) month--
  while (firstDayOfMonth(month + 1) <= day) month++
  return month
}

function firstDayOfMonth(month: number): number {
  if (!Number.isFinite(month)) return month
  // Counted from March of the year 0.
  const marched = month + 1970 * 12 - 2
  const year = Math.floor(marched / 12)
  const leapDays = Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400)
  return FIRST_MARCH + year * 365 + leapDays + BEFORE_MONTH[marched - year * 12]!
}
