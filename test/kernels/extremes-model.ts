const numbers = (values: readonly number[]): number[] => values.filter(v => !Number.isNaN(v))

/** The extremes of values, NaN left out; NaN of none. */
export const least = (values: readonly number[]): number =>
  numbers(values).length === 0 ? Number.NaN : Math.min(...numbers(values))
export const greatest = (values: readonly number[]): number =>
  numbers(values).length === 0 ? Number.NaN : Math.max(...numbers(values))
