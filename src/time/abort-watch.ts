/** A listener of a signal, and whom it tells. */
interface Watch {
  readonly told: Set<() => void>
  readonly listener: () => void
}

/**
 * Tells those who wait when their signal aborts, in the order in which they came. One listener of a signal does for all of them:
 * runtimes take many for a leak, and warn.
 */
export class AbortWatch {
  readonly #watches = new Map<AbortSignal, Watch>()

  /** Has `aborted` called when the signal aborts. Returns how to stop that. */
  on(signal: AbortSignal, aborted: () => void): () => void {
    const watch = this.#watches.get(signal) ?? this.#watch(signal)
    watch.told.add(aborted)
    return () => {
      watch.told.delete(aborted)
      if (watch.told.size > 0) return
      signal.removeEventListener('abort', watch.listener)
      this.#watches.delete(signal)
    }
  }

  #watch(signal: AbortSignal): Watch {
    const told = new Set<() => void>()
    const listener = () => {
      for (const aborted of told) aborted()
    }
    signal.addEventListener('abort', listener, { once: true })
    const watch = { told, listener }
    this.#watches.set(signal, watch)
    return watch
  }
}
