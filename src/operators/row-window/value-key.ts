import type { TypeName } from '../../schema/data-type.ts'

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

/** The values a key stands for. What is no such key gives values that are in no row. */
export function valuesOfKey(key: unknown, types: readonly TypeName[]): readonly unknown[] {
  if (types.length < 2) return types.map(() => key)
  let rest = String(key)
  return types.map(type => {
    const colon = rest.indexOf(';')
    const head = rest.slice(0, colon)
    const length = head === '-' ? 0 : Number(head)
    const text = rest.slice(colon + 1, colon + 1 + length)
    rest = rest.slice(colon + 1 + length)
    return head === '-' ? null : valueFrom(text, type)
  })
}

function valueFrom(text: string, type: TypeName): unknown {
  if (type === 'utf8') return text
  if (type === 'bool') return text === 'true'
  return type === 'i64' && /^-?\d+$/.test(text) ? BigInt(text) : type === 'i64' ? 0n : Number(text)
}
