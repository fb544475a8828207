import { optionInvalid, show } from '../errors.ts'

/** Functions that want to know of something. What one throws is for `threw`, and keeps no other from knowing. */
export class Listeners<Event> {
  readonly #threw: (cause: unknown) => void
  readonly #listeners = new Set<(event: Event) => void>()

  constructor(threw: (cause: unknown) => void) {
    this.#threw = threw
  }

  /** Returns how to stop listening. @throws EventfluxError `OPTION_INVALID` for what is no function. */
  add(listener: (event: Event) => void): () => void {
    if (typeof listener !== 'function')
      throw optionInvalid(`A listener is a function, not ${show(listener)}`, { value: listener })
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Tells all of them, as long as `isCurrent` says that the event still is. */
  tell(event: Event, isCurrent: () => boolean = () => true): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (cause) {
        this.#threw(cause)
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
