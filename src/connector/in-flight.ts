/**
 * Bounds how many writes of an asynchronous sink are on their way at once. The first failure is kept and thrown at the
 * next call, so that it can't be overlooked.
 */
export class InFlight {
  readonly #limit: number
  #count = 0
  #failure: { readonly error: unknown } | undefined
  #wake: (() => void)[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Writes on their way. */
  get count(): number {
    return this.#count
  }

  /** Counts a write in. A promise when the limit is reached: add nothing before it resolved. */
  add(write: Promise<unknown>): void | Promise<void> {
    this.#count++
    write.then(
      () => this.#settle(),
      error => {
        this.#failure ??= { error }
        this.#settle()
      },
    )
    if (this.#failure) throw this.#failure.error
    if (this.#count >= this.#limit) return this.#until(() => this.#count < this.#limit)
  }

  /** Resolves when nothing is on its way; rejects with the first failure. */
  async idle(): Promise<void> {
    await this.#until(() => this.#count === 0)
  }

  async #until(isMet: () => boolean): Promise<void> {
    while (!isMet()) await new Promise<void>(resolve => this.#wake.push(resolve))
    if (this.#failure) throw this.#failure.error
  }

  #settle(): void {
    this.#count--
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }
}
