/** Makes this thread look like a page, until it is forgotten. */
export function asPage() {
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const page = new EventTarget()
  const globals = {
    document,
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
  }
  Object.assign(globalThis, globals)
  const forget = (): void => {
    for (const name of Object.keys(globals)) delete (globalThis as Record<string, unknown>)[name]
  }
  return { page, document, forget }
}
