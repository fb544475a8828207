/** Whether `a` beats `b`: lesser for min, greater for max. -0 is less than 0; neither is NaN. */
export type Better = (a: unknown, b: unknown) => boolean

const less: Better = (a, b) =>
  (a as number) < (b as number) || (a === 0 && b === 0 && Object.is(a, -0) && !Object.is(b, -0))

/** What `min` or `max` asks of two values. */
export const betterFor = (fn: 'min' | 'max'): Better => (fn === 'min' ? less : (a, b) => less(b, a))
