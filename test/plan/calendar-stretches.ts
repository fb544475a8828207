import type { CalendarSpec } from '../../src/time/calendar-windows.ts'

/** Clocks of all zones change at whole quarters of an hour of UTC, since 1972. */
const QUARTER_MS = 900_000
const DAY_MS = 86_400_000
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']

const formats = new Map<string, Intl.DateTimeFormat>()
/** The stretches that were found, by calendar and by each of their quarters of an hour. */
const found = new Map<string, Map<number, Stretch>>()

interface Stretch {
  readonly start: number
  readonly end: number
}

/** The date a zone's clocks show, as Intl writes it. */
export function dateIn(zone: string, timeMs: number): string {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
    formats.set(zone, format)
  }
  return format.format(timeMs)
}

/** A name for the day, week or month an instant is in: the same all through it, of quarters of an hour. */
function nameOf({ unit, zone, weekStartsOn = 'monday' }: CalendarSpec, quarter: number): string {
  const date = dateIn(zone, quarter * QUARTER_MS)
  if (unit === 'day') return date
  if (unit === 'month') return date.slice(0, 7)
  let day = Date.parse(`${date}T00:00:00Z`)
  while (WEEKDAYS[new Date(day).getUTCDay()] !== weekStartsOn) day -= DAY_MS
  return new Date(day).toISOString()
}

/** The day, week or month of an instant: by looking at the date every quarter of an hour before and after it. */
export function stretchOf(spec: CalendarSpec, timeMs: number): Stretch {
  const { unit, zone, weekStartsOn } = spec
  const calendar = `${unit} ${zone} ${weekStartsOn}`
  let stretches = found.get(calendar)
  if (stretches === undefined) found.set(calendar, (stretches = new Map()))
  const quarter = Math.floor(timeMs / QUARTER_MS)
  const known = stretches.get(quarter)
  if (known !== undefined) return known
  const name = nameOf(spec, quarter)
  let first = quarter
  while (nameOf(spec, first - 1) === name) first--
  let after = quarter + 1
  while (nameOf(spec, after) === name) after++
  const stretch = { start: first * QUARTER_MS, end: after * QUARTER_MS }
  for (let each = first; each < after; each++) stretches.set(each, stretch)
  return stretch
}
