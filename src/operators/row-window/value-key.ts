/** What stands for some values of a row in a `Map`: equal for equal values, null being one; 0 is -0, NaN is NaN. */
export type ValueKey = (values: readonly unknown[]) => unknown

/** The key of the values at some positions. */
export function valueKey(columns: readonly number[]): ValueKey {
  const [only] = columns
  if (only === undefined) return () => undefined
  if (columns.length === 1) return values => values[only]
  return values => columns.map(column => textOf(values[column])).join('')
}

/** A column has one type, so only null has to differ from values; the length tells where a text ends. */
function textOf(value: unknown): string {
  if (value === null) return '-;'
  // -0 prints as 0.
  const text = String(value)
  return `${text.length};${text}`
}
