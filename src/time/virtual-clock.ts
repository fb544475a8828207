import { expectArgument, isNumber } from '../options.ts'
import type { Clock } from './clock.ts'

interface Timer {
  readonly dueMs: number
  readonly order: number
  readonly callback: () => void
}

/**
 * A clock that moves only when told to: timers fire in order of their due time (then of their making), each at exactly
 * its instant.
 *
 * @example
 * const clock = new VirtualClock(0)
 * clock.after(100, () => console.log(clock.now()))
 * clock.advance(250) // prints 100; now() is 250 afterwards
 */
export class VirtualClock implements Clock {
  #nowMs: number
  #made = 0
  readonly #timers: Timer[] = []

  constructor(startMs = 0) {
    expectArgument('VirtualClock', startMs, isNumber, 'milliseconds since the Unix epoch')
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  monotonicNs(): number {
    return this.#nowMs * 1e6
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#made++, callback }
    this.#timers.push(timer)
    this.#timers.sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)
    return () => {
      const index = this.#timers.indexOf(timer)
      if (index >= 0) this.#timers.splice(index, 1)
    }
  }

  /** When the next timer is due; +Infinity when none is set. */
  get nextTimerMs(): number {
    return this.#timers[0]?.dueMs ?? Number.POSITIVE_INFINITY
  }

  /** Moves time on by `ms`, firing what falls due on the way. */
  advance(ms: number): void {
    this.advanceTo(this.#nowMs + ms)
  }

  /** Moves time on to `timeMs` (never back), firing what falls due on the way. */
  advanceTo(timeMs: number): void {
    while (this.#timers.length > 0 && this.#timers[0]!.dueMs <= timeMs) {
      const timer = this.#timers.shift()!
      this.#nowMs = Math.max(this.#nowMs, timer.dueMs)
      timer.callback()
    }
    this.#nowMs = Math.max(this.#nowMs, timeMs)
  }
}
