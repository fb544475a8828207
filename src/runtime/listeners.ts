import { type EventfluxError, messageOf, optionInvalid, show, stageFailed } from '../errors.ts'

/** Functions that want to know of something. What one throws is a failure, and keeps no other from knowing. */
export class Listeners<Event> {
  readonly #where: string
  readonly #failed: (error: EventfluxError) => void
  readonly #listeners = new Set<(event: Event) => void>()

  /** @param where The method that takes them, as its user calls it. */
  constructor(where: string, failed: (error: EventfluxError) => void) {
    this.#where = where
    this.#failed = failed
  }

  get size(): number {
    return this.#listeners.size
  }

  /** Returns how to stop listening. @throws EventfluxError `OPTION_INVALID` for what is no function. */
  add(listener: (event: Event) => void): () => void {
    if (typeof listener !== 'function')
      throw optionInvalid(`${this.#where} takes a function, not ${show(listener)}`, {
        value: listener,
        at: this.#where,
      })
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Tells all of them, as long as `isCurrent` says that the event still is. */
  tell(event: Event, isCurrent: () => boolean = () => true): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (cause) {
        this.#failed(stageFailed(`a listener of ${this.#where} threw: ${messageOf(cause)}`, { cause }))
      }
      if (!isCurrent()) return
    }
  }

  /** Waits for `work`, but no longer than until an event makes `isOver` hold. Keeps nothing of the wait afterwards. */
  async unless(isOver: () => boolean, work: Promise<unknown>): Promise<void> {
    let forget = (): unknown => undefined
    const over = new Promise<void>(resolve => {
      forget = this.add(() => {
        if (isOver()) resolve()
      })
    })
    await Promise.race([work, over]).finally(forget)
  }
}
