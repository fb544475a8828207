import type { ErrorPolicyRunner } from '../connector/error-policy-runner.ts'

/** As many dead letters may be on their way before whoever gives events has to wait. */
const MOST_LETTERS = 64

/** Events that don't fit the schema, left to the error policy of the source. */
export class InvalidEvents {
  readonly #policy: ErrorPolicyRunner | undefined
  readonly #failed: (error: unknown) => void
  /** Dead letters on their way. */
  readonly #letters = new Set<Promise<void>>()
  #room: Promise<void> | undefined
  #makeRoom: (() => void) | undefined
  #hasEnded = false

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
    const letter = buried.catch(this.#failed).finally(() => this.#arrived(letter))
    this.#letters.add(letter)
  }

  /** Resolves when there is room for more dead letters, or the job has ended; undefined: there is now. */
  room(): Promise<void> | undefined {
    if (this.#hasEnded || this.#letters.size < MOST_LETTERS) return undefined
    this.#room ??= new Promise(resolve => {
      this.#makeRoom = resolve
    })
    return this.#room
  }

  /** What is answered to whoever gave events: once there is room for more of them that don't fit. */
  pace<R>(result: R | Promise<R>): R | Promise<R> {
    const room = this.room()
    return room === undefined ? result : Promise.all([result, room]).then(([decided]) => decided)
  }

  /** Resolves when no dead letter is on its way. */
  async settled(): Promise<void> {
    while (this.#letters.size > 0) await Promise.all(this.#letters)
  }

  /** The job has ended: nobody waits any more. */
  end(): void {
    this.#hasEnded = true
    this.#letGo()
  }

  #arrived(letter: Promise<void>): void {
    this.#letters.delete(letter)
    if (this.#letters.size < MOST_LETTERS) this.#letGo()
  }

  #letGo(): void {
    this.#makeRoom?.()
    this.#room = undefined
    this.#makeRoom = undefined
  }
}
