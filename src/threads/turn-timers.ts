import type { StageTimers, TimedStage } from '../operators/stage-timers.ts'

/**
 * The clock of a thread that has none of its own: it stands where the turns it was sent say, and what falls due on the way
 * there is told first, in the order of its instants, as if a clock had done it.
 */
export class TurnTimers implements StageTimers {
  #nowMs: number
  readonly #timers: { readonly stage: TimedStage; readonly atMs: number }[] = []

  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  now(): number {
    return this.#nowMs
  }

  at(stage: TimedStage, atMs: number): () => void {
    const timer = { stage, atMs }
    this.#timers.push(timer)
    return () => {
      const at = this.#timers.indexOf(timer)
      if (at >= 0) this.#timers.splice(at, 1)
    }
  }

  /** When the next timer is due; +Infinity: there is none. */
  get nextMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { atMs } of this.#timers) next = Math.min(next, atMs)
    return next
  }

  /** Moves on to the next timer that is due by `nowMs`, and tells it. Undefined: there is none, and the clock is there. */
  advance(nowMs: number): boolean | undefined {
    const next = this.nextMs
    if (next > nowMs) {
      this.#nowMs = Math.max(this.#nowMs, nowMs)
      return undefined
    }
    const [timer] = this.#timers.splice(
      this.#timers.findIndex(({ atMs }) => atMs === next),
      1,
    )
    this.#nowMs = Math.max(this.#nowMs, next)
    return timer!.stage.timerDue(next)
  }
}
