import type { StageTimers, TimedStage } from '../operators/stage-timers.ts'
import type { Clock } from '../time/clock.ts'

/** Timers of runtimes hold their delay in 31 bits, and fire at once beyond. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

/** The timers of a clock; `listener` gets the turn when one is due, and learns that some stage waits for one. */
export function stageTimers(
  clock: Clock,
  listener: { timerDue(stage: TimedStage, atMs: number): void; waits?: (() => void) | undefined },
): StageTimers {
  return {
    now: () => clock.now(),
    at(stage, atMs) {
      listener.waits?.()
      const nowMs = clock.now()
      const delayMs = Math.min(atMs - nowMs, LONGEST_DELAY_MS)
      // Adding up again what was taken apart may give less than there was.
      const reachedMs = delayMs < LONGEST_DELAY_MS ? atMs : nowMs + delayMs
      return clock.after(delayMs, () => listener.timerDue(stage, reachedMs))
    },
  }
}
