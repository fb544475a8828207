/** What a page that runs a job can be told. Each may be asynchronous; a page that goes away doesn't wait for it. */
export interface PageLifecycle {
  /**
   * The page can't be seen any more: the last moment that comes for certain before it is closed, reloaded or discarded. Behind
   * another tab there is time for a checkpoint; where the page itself is left or reloaded there is none, and what was kept
   * before is what lasts. Timers run once a second or slower from here on; a job goes on, because its turns are no timers,
   * but whatever waits for the clock does so longer.
   */
  readonly hidden?: () => unknown
  /** It can be seen again. */
  readonly visible?: () => unknown
  /** It goes into the back/forward cache, or is frozen in the background: nothing runs any more. */
  readonly frozen?: () => unknown
  /** It came back, as it was: time has passed, and WebSockets are gone. */
  readonly resumed?: () => unknown
}

/**
 * Tells when a page is hidden, frozen and back, whichever of the browser's events say so. Does nothing where there is no page.
 *
 * @returns How to stop it.
 * @example
 * const forget = onPageLifecycle({ hidden: () => job.flush() })
 */
export function onPageLifecycle(told: PageLifecycle): () => void {
  const { document } = globalThis as { readonly document?: Document }
  if (document === undefined) return () => {}
  let isFrozen = false
  const visibility = (): void => void (document.visibilityState === 'hidden' ? told.hidden?.() : told.visible?.())
  const freeze = (): void => {
    if (isFrozen) return
    isFrozen = true
    told.frozen?.()
  }
  const resume = (): void => {
    if (!isFrozen) return
    isFrozen = false
    told.resumed?.()
  }
  const hide = (event: Event): void => {
    if ((event as PageTransitionEvent).persisted) freeze()
  }
  const show = (event: Event): void => {
    if ((event as PageTransitionEvent).persisted) resume()
  }
  const listeners: readonly [EventTarget, string, (event: Event) => void][] = [
    [document, 'visibilitychange', visibility],
    [document, 'freeze', freeze],
    [document, 'resume', resume],
    [globalThis as unknown as EventTarget, 'pagehide', hide],
    [globalThis as unknown as EventTarget, 'pageshow', show],
  ]
  for (const [target, type, listener] of listeners) target.addEventListener(type, listener)
  return () => {
    for (const [target, type, listener] of listeners) target.removeEventListener(type, listener)
  }
}
