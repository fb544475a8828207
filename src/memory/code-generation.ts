let isAllowed: boolean | undefined

/**
 * Whether this runtime lets code be made from text. Edge runtimes and pages with a Content-Security-Policy don't; the
 * first question tries it (a page then reports one violation), later ones remember.
 */
export function canGenerateCode(): boolean {
  isAllowed ??= tryIt()
  return isAllowed
}

/**
 * A function from the text of its body: the only place that makes one. Only where `canGenerateCode()`, and only from
 * text whose foreign parts went through `JSON.stringify`.
 */
export function functionFrom(parameters: readonly string[], body: string): (...values: unknown[]) => unknown {
  return new Function(...parameters, body) as (...values: unknown[]) => unknown
}

function tryIt(): boolean {
  try {
    return functionFrom([], 'return true')() === true
  } catch {
    return false
  }
}
