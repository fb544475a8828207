/** What a head of a chain has been asked for and could not do yet. */
export class OpenStep {
  #step: (() => boolean) | undefined

  /** Does a step, or keeps it for when there is room. false: it is kept. */
  do(step: () => boolean): boolean {
    if (step()) return true
    this.#step = step
    return false
  }

  /** Tries again what is kept. true: nothing is. */
  resume(): boolean {
    if (this.#step === undefined) return true
    if (!this.#step()) return false
    this.#step = undefined
    return true
  }
}
