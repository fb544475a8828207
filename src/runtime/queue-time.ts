/**
 * What time it is for the rows that leave a queue next: one by which all rows that were given before it have left. What the
 * clock does beside the rows, such as letting go of an input that is idle, comes behind those given before, however long
 * they have waited: rows must not be late because the job was slow.
 */
export class QueueTime {
  /** Rows the queue has taken so far. */
  readonly #accepted: () => number
  /** The time from some row on, and in front of it: several who look at the rows don't do so at once. */
  #reachedMs = Number.NEGATIVE_INFINITY
  #reachedAt = 0
  #beforeMs = Number.NEGATIVE_INFINITY
  /** An instant on its way through the queue. */
  #markMs: number | undefined
  /** The row behind all that were given before it. */
  #markAt = 0
  /** Those who wait for room: since before the latest mark, and since then. */
  #older = 0
  #newer = 0
  #marks = 0

  constructor(accepted: () => number) {
    this.#accepted = accepted
  }

  /** Somebody waits for room until they are answered. */
  wait(answer: Promise<unknown>): void {
    const begun = this.#marks
    this.#newer++
    const over = (): void => {
      if (begun === this.#marks) this.#newer--
      else if (--this.#older === 0) this.#markAt = this.#accepted()
    }
    answer.then(over, over)
  }

  /**
   * The time, at the row `next`.
   *
   * @param isServed Whether whoever waited has been let in as far as there is room.
   */
  at(next: number, nowMs: number, isServed: boolean): number {
    const isEmpty = next === this.#accepted() && (isServed || this.#older + this.#newer === 0)
    if (isEmpty) {
      this.#reach(nowMs, next)
    } else {
      if (this.#markMs !== undefined && this.#older === 0 && next >= this.#markAt) this.#reach(this.#markMs, next)
      if (this.#markMs === undefined) this.#mark(nowMs)
    }
    return next < this.#reachedAt ? this.#beforeMs : this.#reachedMs
  }

  #reach(ms: number, next: number): void {
    if (next > this.#reachedAt) this.#beforeMs = this.#reachedMs
    this.#reachedMs = ms
    this.#reachedAt = next
    this.#markMs = undefined
  }

  #mark(nowMs: number): void {
    this.#marks++
    this.#markMs = nowMs
    this.#markAt = this.#accepted()
    this.#older += this.#newer
    this.#newer = 0
  }
}
