import { optionInvalid, show } from '../errors.ts'
import { type Clock, systemClock } from './clock.ts'
import { type Duration, durationMs } from './duration.ts'
import { VirtualClock } from './virtual-clock.ts'

/** Where an event-driven clock begins, and what else moves it. */
export interface EventDrivenClockOptions {
  /** Where time stands before the first row, in milliseconds since the epoch; default 0. */
  readonly start?: number
  /** Moves time on `by` so much whenever no row came for so long (`after`, by the clock outside). Default: rows alone do. */
  readonly idleAdvance?: { readonly after: Duration; readonly by: Duration }
  /** The clock of everything outside the stream: waits, retries, sources, what is measured. Default: the runtime's. */
  readonly outside?: Clock
}

/**
 * A clock that the rows of one job move (Siddhi's playback): its time is the greatest one in a column of the source. Windows
 * by the clock see each row at the row's own time, and what is due by then comes first, at its instant: what was recorded
 * can be replayed, as fast as it is read, and gives what it gave. Rows of different times are worked on one time at a time,
 * which costs speed.
 *
 * @example
 * ```ts
 * const lastMinute = stream.window(time('1m')).rows()
 * const job = await lastMinute.run({
 *   clock: new EventDrivenClock('time', { idleAdvance: { after: '100ms', by: '2s' } }),
 *   sink: row => console.log(row.symbol),
 * })
 * ```
 */
export class EventDrivenClock implements Clock {
  readonly column: string
  readonly outside: Clock
  readonly #time: VirtualClock
  readonly #afterMs: number
  readonly #byMs: number
  /** When, outside, rows moved the clock last. */
  #movedMs = 0
  #isQuiet: (() => boolean) | undefined
  #cancel: (() => void) | undefined

  /**
   * @param column A `timestamp()` of the source that is never null.
   * @throws EventfluxError `OPTION_INVALID`.
   */
  constructor(column: string, options: EventDrivenClockOptions = {}) {
    const { start = 0, idleAdvance, outside = systemClock } = options
    if (!Number.isSafeInteger(start))
      throw optionInvalid(`start is a whole number of milliseconds, not ${show(start)}`, { value: start, at: 'start' })
    this.column = column
    this.outside = outside
    this.#time = new VirtualClock(start)
    this.#afterMs = idleAdvance === undefined ? Number.POSITIVE_INFINITY : positive(idleAdvance.after, 'after')
    this.#byMs = idleAdvance === undefined ? 0 : positive(idleAdvance.by, 'by')
  }

  now(): number {
    return this.#time.now()
  }

  monotonicNs(): number {
    return this.outside.monotonicNs()
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#time.after(delayMs, callback)
  }

  /**
   * @internal Moves time on towards that of a row, never back, and no further than the next instant something is due at.
   * True: it is there, and nothing came up on the way.
   */
  stepTowards(timeMs: number): boolean {
    this.#movedMs = this.outside.now()
    const due = this.#time.nextTimerMs
    this.#time.advanceTo(Math.min(timeMs, due))
    return due > timeMs
  }

  /** @internal The job that moves it begins. `isQuiet`: no row waits to be worked on. */
  begin(isQuiet: () => boolean): void {
    this.#isQuiet = isQuiet
    this.#movedMs = this.outside.now()
    if (this.#byMs > 0) this.#wait(this.#afterMs)
  }

  /** @internal The job has ended. */
  end(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#isQuiet = undefined
  }

  #wait(ms: number): void {
    this.#cancel = this.outside.after(ms, () => {
      const quietMs = this.outside.now() - this.#movedMs
      if (quietMs >= this.#afterMs && this.#isQuiet?.() === true) {
        this.#movedMs = this.outside.now()
        this.#time.advance(this.#byMs)
        if (this.#isQuiet !== undefined) this.#wait(this.#afterMs)
      } else this.#wait(Math.max(1, this.#afterMs - quietMs))
    })
  }
}

function positive(duration: Duration, at: string): number {
  const ms = durationMs(duration, at)
  if (ms > 0) return ms
  throw optionInvalid(`idleAdvance.${at} is more than 0 ms, not ${show(duration)}`, { value: duration, at })
}
