import type { StageTimers, TimedStage } from './stage-timers.ts'

/** The one wake-up a stage asks the clock for at a time. */
export class WakeUp {
  readonly #timers: StageTimers
  readonly #stage: TimedStage
  #atMs = Number.POSITIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor(timers: StageTimers, stage: TimedStage) {
    this.#timers = timers
    this.#stage = stage
  }

  /** Asks for an instant, in place of another; +Infinity for none. */
  setTo(atMs: number): void {
    if (atMs === this.#atMs) return
    this.#cancel?.()
    this.#atMs = atMs
    this.#cancel = atMs === Number.POSITIVE_INFINITY ? undefined : this.#timers.at(this.#stage, atMs)
  }

  /** Asks for an instant unless an earlier one is asked for: a wake-up that is too early costs a look. */
  setToEarlier(atMs: number): void {
    if (atMs < this.#atMs) this.setTo(atMs)
  }

  /** The instant has come. */
  passed(): void {
    this.#atMs = Number.POSITIVE_INFINITY
    this.#cancel = undefined
  }

  close(): void {
    this.#cancel?.()
  }
}
