import type { LogicalNode } from '../plan/logical-node.ts'

/**
 * Whether the rows of a job would come out in the same order once more, and so may have the ids they had: as long as one
 * input gives them, nothing but they and the plan says what comes out, and threads that share the work put it in order. Where
 * that ends, so does the epoch: a row must not have the id of another one, or who leaves out what it has would leave out what
 * it hasn't.
 */
export class OutputOrder {
  /** What rows are numbered in. */
  epoch = 0
  /** Whether what comes out from here on would come out in the same order again. */
  isRepeatable: boolean
  readonly #now: () => number
  #latest = 0
  #wasRepeatable = true
  #hasBegun = false

  /** @param now The time of the clock, which makes an epoch like no other. */
  constructor(isRepeatable: boolean, now: () => number) {
    this.isRepeatable = isRepeatable
    this.#now = now
  }

  /** A checkpoint has rows of that epoch, and says whether those behind it would come out in the same order again. */
  restored(epoch: number, isRepeatable: boolean): void {
    this.#latest = Math.max(this.#latest, epoch)
    this.#wasRepeatable &&= isRepeatable
  }

  /**
   * Before the first row.
   *
   * @param isSame Whether the steps are those of the checkpoint, and so spread that their rows come in the order they had.
   */
  begin(isSame: boolean): void {
    this.#hasBegun = true
    this.epoch = this.#latest
    if (!isSame || !this.#wasRepeatable || !this.isRepeatable) this.#renew()
  }

  /** Something else than the rows of one input has a say in what comes out, or when: from here on. */
  lost(): void {
    if (!this.isRepeatable) return
    this.isRepeatable = false
    if (this.#hasBegun) this.#renew()
  }

  #renew(): void {
    this.epoch = this.#latest = Math.max(this.#latest + 1, Math.floor(this.#now()))
  }
}

/** Whether a step's rows hang on when it gets them, which no timer need tell of. */
export const asksClock = (node: LogicalNode): boolean =>
  node.op === 'processingTime' || (node.op === 'output' && node.everyMs !== undefined)
