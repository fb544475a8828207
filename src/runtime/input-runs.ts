import type { BatchInputs } from '../operators/event-time/batch-inputs.ts'
import { QueueTime } from './queue-time.ts'

/** Consumed runs are dropped when there are this many of them. */
const DROP_RUNS = 64

/**
 * Which input the rows of a queue came in by, as runs of rows: noted only where one input's rows follow another's, so a
 * single input costs nothing, nor do blocks of rows. Rows are counted from the first one the queue took.
 */
export class InputRuns implements BatchInputs {
  readonly count: number
  /** Rows the queue has taken so far. */
  readonly #accepted: () => number
  readonly #inputs: number[] = []
  readonly #starts: number[] = []
  readonly #looks: (() => void)[] = []
  /** undefined: rows move the clock. */
  readonly #time: QueueTime | undefined
  /** The runs of the batch at hand, and where it stands. */
  #first = 0
  #last = 0
  #from = 0
  #to = 0

  /**
   * @param sources Inputs beside what is pushed.
   * @param movesClock Whether rows move the clock: time doesn't go on while they wait.
   */
  constructor(sources: number, accepted: () => number, movesClock: boolean) {
    this.count = sources + 1
    this.#accepted = accepted
    if (!movesClock) this.#time = new QueueTime(accepted)
  }

  /** Rows of some input wait for room. */
  wait(answer: Promise<unknown>): void {
    this.#time?.wait(answer)
  }

  /** The next row comes in by another input than the one before. */
  switchTo(input: number): void {
    this.#inputs.push(input)
    this.#starts.push(this.#accepted())
  }

  /** Turns to a batch of `rows` rows from the row `position` on. */
  show(position: number, rows: number): void {
    this.#from = position
    this.#to = position + rows
    while (this.#first + 1 < this.#starts.length && this.#starts[this.#first + 1]! <= position) this.#first++
    if (this.#first >= DROP_RUNS) {
      this.#inputs.splice(0, this.#first)
      this.#starts.splice(0, this.#first)
      this.#first = 0
    }
    this.#last = this.#first
    while (this.#startOf(this.#last + 1) < this.#to) this.#last++
    for (const look of this.#looks) look()
  }

  /** The batch at hand is through. */
  pass(): void {
    this.#from = this.#to
  }

  get runCount(): number {
    return this.#last - this.#first + 1
  }

  endOf(run: number): number {
    return Math.min(this.#startOf(this.#first + run + 1), this.#to) - this.#from
  }

  inputOf(run: number): number {
    return this.#inputs[this.#first + run] ?? 0
  }

  isQueued(input: number): boolean {
    for (let run = this.#first; run < this.#inputs.length; run++) {
      if (this.#inputs[run] === input && Math.min(this.#startOf(run + 1), this.#accepted()) > this.#from) return true
    }
    return false
  }

  reachedMs(nowMs: number, isThrough: boolean): number {
    const isBetween = this.#from === this.#to
    return this.#time?.at(isThrough ? this.#to : this.#from, nowMs, isBetween) ?? nowMs
  }

  onBatch(look: () => void): void {
    this.#looks.push(look)
  }

  #startOf(run: number): number {
    return this.#starts[run] ?? Number.POSITIVE_INFINITY
  }
}
