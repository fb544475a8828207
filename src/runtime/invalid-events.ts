import type { ErrorPolicyRunner } from '../connector/error-policy-runner.ts'

/** Events that don't fit the schema, left to the error policy of the source. */
export class InvalidEvents {
  readonly #policy: ErrorPolicyRunner | undefined
  readonly #failed: (error: unknown) => void
  /** Dead letters on their way. */
  readonly #letters = new Set<Promise<void>>()

  /**
   * @param policy undefined: what doesn't fit is thrown to whoever gave it.
   * @param failed told when a dead letter can't be delivered.
   */
  constructor(policy: ErrorPolicyRunner | undefined, failed: (error: unknown) => void) {
    this.#policy = policy
    this.#failed = failed
  }

  /** @throws `error` where there is no policy. */
  refuse(event: unknown, error: Error): void {
    if (this.#policy === undefined) throw error
    const buried = this.#policy.fail(event, error)
    if (buried === undefined) return
    const letter = buried.catch(this.#failed).finally(() => this.#letters.delete(letter))
    this.#letters.add(letter)
  }

  /** Resolves when no dead letter is on its way. */
  async settled(): Promise<void> {
    while (this.#letters.size > 0) await Promise.all(this.#letters)
  }
}
