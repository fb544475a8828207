/** What a page that runs a job can be told. Each may be asynchronous; a page that goes away doesn't wait for it. */
export interface PageLifecycle {
  /**
   * The page can't be seen any more: the last moment that comes for certain before it is closed, reloaded or discarded. The
   * place to keep what must not be lost. Timers run once a second or slower from here on; a job goes on, because its turns
   * are no timers, but whatever waits for the clock does so longer.
   */
  readonly hidden?: () => unknown
  /** It can be seen again. */
  readonly visible?: () => unknown
  /** It goes into the back/forward cache, where nothing runs, or is frozen in the background. */
  readonly frozen?: () => unknown
  /** It came back, as it was: time has passed, connections are gone. */
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
