let isAllowed: boolean | undefined

/**
 * Whether this runtime lets code be made from text. Edge runtimes and pages with a Content-Security-Policy don't; the
 * first question tries it (a page then reports one violation), later ones remember.
 */
export function canGenerateCode(): boolean {
  isAllowed ??= tryIt()
  return isAllowed
}

function tryIt(): boolean {
  try {
    return new Function('return true')() === true
  } catch {
    return false
  }
}
