/**
 * Where time comes from. Nothing else in the library reads a clock or sets a timer, so a virtual clock drives every
 * wait, timeout, rate and processing-time window of a job.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Nanoseconds from an arbitrary origin, never going back. */
  monotonicNs(): number
  /** Calls `callback` once, `delayMs` from now (at the earliest); the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void
}

/** What timers of runtimes hold in 31 bits; a longer one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The runtime's own clock. Waits that are longer than a timer can be are made of several. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicNs: () => performance.now() * 1e6,
  after(delayMs, callback) {
    if (delayMs > LONGEST_TIMER_MS) {
      let cancel = systemClock.after(LONGEST_TIMER_MS, () => {
        cancel = systemClock.after(delayMs - LONGEST_TIMER_MS, callback)
      })
      return () => cancel()
    }
    const timer = setTimeout(callback, Math.max(0, delayMs))
    return () => clearTimeout(timer)
  },
}
