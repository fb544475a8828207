/**
 * What every plain object inherits under a name: no value of a field of that name. Undefined for nearly all names.
 */
export const inherited = (name: string): unknown => (Object.prototype as unknown as Record<string, unknown>)[name]
