import { checkpointMismatch, stateFull } from '../../errors.ts'

/** How many groups may be held. */
export class KeyBound {
  readonly #maxKeys: number

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys
  }

  get text(): string {
    return `at most ${this.#maxKeys} (maxKeys)`
  }

  /** @throws EventfluxError `STATE_FULL` when there is no room for one more. */
  check(held: number): void {
    if (held < this.#maxKeys) return
    throw stateFull(`output holds ${held} groups and maxKeys is ${this.#maxKeys}: raise maxKeys`, { value: held })
  }

  /** @throws EventfluxError `CHECKPOINT_MISMATCH` for a state with more. */
  checkState(held: number): void {
    if (held <= this.#maxKeys) return
    throw checkpointMismatch(`the state has ${held} groups and maxKeys is ${this.#maxKeys}: raise maxKeys`, {
      value: held,
    })
  }
}
