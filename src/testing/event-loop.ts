// As they were when the module was loaded: test frameworks replace timers by their own.
const { setTimeout, clearTimeout } = globalThis

/** Longest wait for what ought to happen, in milliseconds. */
const PATIENCE_MS = 10_000

/** Lets the event loop turn once. */
export const turnOfLoop = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 0))

/** Lets the event loop turn until `isMet`. @throws Error when that takes too long; `what` should have happened. */
export async function until(isMet: () => boolean, what = 'what was waited for'): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS
  while (!isMet()) {
    if (performance.now() > endMs) throw new Error(`In ${PATIENCE_MS / 1_000} s it did not happen: ${what}`)
    await turnOfLoop()
  }
}

/** What `work` resolves with. @throws Error when that takes too long; `what` should have happened. */
export async function within<V>(work: V | Promise<V>, what: string): Promise<V> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLong = new Promise<never>((_, reject) => {
    const message = `In ${PATIENCE_MS / 1_000} s it did not happen: ${what}`
    timer = setTimeout(() => reject(new Error(message)), PATIENCE_MS)
  })
  try {
    return await Promise.race([work, tooLong])
  } finally {
    clearTimeout(timer)
  }
}
