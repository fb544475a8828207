import { type CalendarSpec, type DaysOfUnits, daysOfUnits } from '../../time/calendar-windows.ts'
import { ZoneDays } from '../../time/zone-days.ts'
import type { WindowSlices } from './window-slices.ts'

const HOUR_MS = 3_600_000
/** Days of the shortest unit, by unit. */
const LEAST_DAYS = { day: 1, week: 7, month: 28 }

/** One slice per window: the days, weeks or months of a zone, numbered by their dates. */
export class CalendarSlices implements WindowSlices {
  readonly span = 1
  readonly hasGaps = false
  readonly hasHalves = false
  readonly cuts = undefined
  readonly periodMs: number
  readonly #days: ZoneDays
  readonly #unit: CalendarSpec['unit']
  readonly #units: DaysOfUnits
  /** The window found last: times mostly fall where the one before them fell. */
  #window = Number.NaN
  #startMs = Number.NaN
  #endMs = Number.NaN

  constructor(spec: CalendarSpec) {
    this.periodMs = (24 * LEAST_DAYS[spec.unit] - 1) * HOUR_MS
    this.#days = new ZoneDays(spec.zone)
    this.#unit = spec.unit
    this.#units = daysOfUnits(spec)
  }

  sliceOf(timeMs: number): number {
    if (!Number.isFinite(timeMs)) return timeMs
    if (timeMs >= this.#startMs && timeMs < this.#endMs) return this.#window
    this.#window = this.#units.unitOf(this.#days.at(timeMs))
    this.#startMs = this.startMs(this.#window)
    this.#endMs = this.endMs(this.#window)
    return this.#window
  }

  firstSlice(window: number): number {
    return window
  }

  lastSlice(window: number): number {
    return window
  }

  firstWindow(slice: number): number {
    return slice
  }

  lastWindow(slice: number): number {
    return slice
  }

  startMs(window: number): number {
    return this.#days.startOf(this.#units.firstDay(window))
  }

  endMs(window: number): number {
    return this.startMs(window + 1)
  }

  countBetween(from: number, to: number): number {
    if (this.#unit !== 'day') return to - from
    // Days that end an hour early or late don't add up to half of one.
    return Math.min(to - from, Math.round((this.startMs(to) - this.startMs(from)) / (24 * HOUR_MS)))
  }

  firstOpen(watermark: number): number {
    return this.sliceOf(watermark + 1)
  }
}
