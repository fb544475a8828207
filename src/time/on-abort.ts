/** A listener of a signal, and whom it tells. */
interface Watch {
  readonly told: Set<() => void>
  readonly listener: () => void
}

const watches = new WeakMap<AbortSignal, Watch>()

/**
 * Has `aborted`, which doesn't throw, called when the signal aborts: those who wait in the order in which they came. Returns how to stop that. One
 * listener of a signal does for all who wait by it, of all jobs and queues: runtimes take many for a leak, and warn.
 */
export function onAbort(signal: AbortSignal, aborted: () => void): () => void {
  const watch = watches.get(signal) ?? watched(signal)
  watch.told.add(aborted)
  return () => {
    watch.told.delete(aborted)
    if (watch.told.size > 0) return
    signal.removeEventListener('abort', watch.listener)
    watches.delete(signal)
  }
}

function watched(signal: AbortSignal): Watch {
  const told = new Set<() => void>()
  const listener = () => {
    for (const aborted of told) aborted()
  }
  signal.addEventListener('abort', listener, { once: true })
  const watch = { told, listener }
  watches.set(signal, watch)
  return watch
}
