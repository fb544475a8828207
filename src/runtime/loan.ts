import type { PushOptions } from './admission/admission.ts'

/** How columns are lent, besides what a push may have different. */
export interface LendOptions extends PushOptions {
  /**
   * Called once, when the memory is the lender's again: no thread reads it any more, whatever became of the rows. Never before
   * `lendColumns` has returned. What it throws ends the job.
   */
  readonly returned?: () => void
}

/** Memory that is lent, until the push is over and nobody works on rows of it. */
export class Loan {
  readonly #returned: () => void
  readonly #failed: (error: unknown) => void
  #holders = 1

  /** @param failed Told what `returned` throws. */
  constructor(returned: () => void, failed: (error: unknown) => void) {
    this.#returned = returned
    this.#failed = failed
  }

  /** Somebody works on rows of it from now on. Returns how to say that this is over. */
  readonly hold = (): (() => void) => {
    this.#holders++
    return this.end
  }

  /** One of those who hold it does so no more: the first of them is whoever pushes. */
  readonly end = (): void => {
    if (--this.#holders === 0) queueMicrotask(this.#giveBack)
  }

  readonly #giveBack = (): void => {
    try {
      this.#returned()
    } catch (error) {
      this.#failed(error)
    }
  }
}
