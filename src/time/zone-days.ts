import { optionInvalid, show } from '../errors.ts'

const DAY_MS = 86_400_000
/** Further from UTC than any zone ever was: those that kept the date of the other side of the date line were almost 16 h. */
const MOST_OFFSET_MS = DAY_MS
/** Zones don't change their offset twice within this time. */
const STEP_MS = DAY_MS / 2
/** Where dates end in JavaScript; a zone's offset there is taken to go on. */
const MOST_DATE_MS = 8.64e15
/** Days whose beginnings are remembered. */
const MOST_KNOWN = 4_096

/**
 * When the days of a time zone begin. A day is numbered by its date, 0 for 1970-01-01, and begins at the first instant at
 * which clocks show it or a later one: where they are set forward over midnight that is one o'clock, where they are set
 * back over midnight the date doesn't go back with them, and a date that was left out has no length.
 */
export class ZoneDays {
  readonly zone: string
  readonly #format: Intl.DateTimeFormat
  readonly #starts = new Map<number, number>()

  /** @throws EventfluxError `OPTION_INVALID` for a zone that `Intl` doesn't know. */
  constructor(zone: unknown) {
    this.#format = formatOf(zone)
    this.zone = zone as string
  }

  /** The instant at which a day begins. */
  startOf(day: number): number {
    if (!Number.isFinite(day)) return day
    const known = this.#starts.get(day)
    if (known !== undefined) return known
    if (this.#starts.size >= MOST_KNOWN) this.#starts.clear()
    const start = this.#firstReaching(day * DAY_MS)
    this.#starts.set(day, start)
    return start
  }

  /** The day of an instant. */
  at(timeMs: number): number {
    if (!Number.isFinite(timeMs)) return timeMs
    let day = Math.floor(timeMs / DAY_MS) + 1
    while (this.startOf(day) > timeMs) day--
    return day
  }

  /** The first instant at which the clocks of the zone show `localMs`, a date and time written as if it were UTC, or later. */
  #firstReaching(localMs: number): number {
    let from = localMs - MOST_OFFSET_MS
    let offset = this.#offsetAt(from)
    for (const end = localMs + MOST_OFFSET_MS; from < end; ) {
      const to = from + STEP_MS
      const offsetAfter = this.#offsetAt(to)
      const change = offsetAfter === offset ? to : this.#change(from, to, offset)
      if (localMs - offset < change) return localMs - offset
      if (offsetAfter !== offset && change + offsetAfter >= localMs) return change
      offset = offsetAfter
      from = to
    }
    return localMs - offset
  }

  /** The first instant after `from`, at most `to`, at which the offset isn't `offset` any more. */
  #change(from: number, to: number, offset: number): number {
    let before = from
    let after = to
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2)
      if (this.#offsetAt(middle) === offset) before = middle
      else after = middle
    }
    return after
  }

  /** How far the zone's clocks are ahead of UTC. */
  #offsetAt(timeMs: number): number {
    const text = this.#format.format(Math.min(Math.max(timeMs, -MOST_DATE_MS), MOST_DATE_MS))
    const [, sign, hours = '0', minutes = '0', seconds = '0'] = /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?/.exec(text) ?? []
    const ms = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000
    return sign === '-' ? -ms : ms
  }
}

function formatOf(zone: unknown): Intl.DateTimeFormat {
  try {
    // Without a string Intl would take the machine's own zone.
    if (typeof zone === 'string') {
      return new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    }
  } catch {
    // Said below.
  }
  throw optionInvalid(`zone is a time zone such as 'UTC' or 'Europe/Berlin', not ${show(zone)}`, {
    value: zone,
    at: 'zone',
  })
}
