import type { TimedStage } from '../operators/stage-timers.ts'
import type { Clock } from '../time/clock.ts'

/** Who is told what happens between the threads. */
export interface ThreadListener {
  ready(): void
  timerDue(stage: TimedStage, atMs: number): void
  batchDone(rows: number, busyNs: number): void
  /** There may be room for rows that wait. */
  spaceFreed(): void
}

/** Has a head look after its workers when one of them calls: with what the job does next, or else at once. */
export class Lookout {
  readonly #listener: ThreadListener
  readonly #clock: Clock
  readonly #look: TimedStage
  #isCalled = false

  /** @param pump Looks after the workers; it says `looked()`. */
  constructor(listener: ThreadListener, clock: Clock, pump: () => boolean) {
    this.#listener = listener
    this.#clock = clock
    this.#look = { timerDue: pump }
  }

  /** A worker says that there is something to look at. */
  called(): void {
    this.#isCalled = true
    this.#listener.ready()
    if (this.#isCalled) this.#listener.timerDue(this.#look, this.#clock.now())
  }

  looked(): void {
    this.#isCalled = false
  }
}
