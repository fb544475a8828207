/** Longest text of one value. */
const MAX_LENGTH = 200

/** A value of a row as a reader of a test's message wants it: exact, on one line, never throwing. */
export function formatValue(value: unknown): string {
  const text = format(value, 0)
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
}

/** A row on one line. */
export function formatRow(row: unknown): string {
  return typeof row === 'object' && row !== null && !Array.isArray(row)
    ? braced(Object.entries(row).map(([name, value]) => `${name}: ${formatValue(value)}`))
    : formatValue(row)
}

function format(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'function') return String(value).replace(/\s+/g, ' ')
  if (typeof value !== 'object' || value === null) return String(value)
  if (depth === 4) return '…'
  const inside = (one: unknown): string => format(one, depth + 1)
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return `[${Array.from(value as unknown[], inside).join(', ')}]`
  if (value instanceof Set) return `Set ${braced([...value].map(inside))}`
  if (value instanceof Map) return `Map ${braced([...value].map(([key, one]) => `${inside(key)} => ${inside(one)}`))}`
  if (value instanceof Date) return `Date ${value.getTime()}`
  return braced(Object.entries(value).map(([name, one]) => `${name}: ${inside(one)}`))
}

const braced = (parts: readonly string[]): string => (parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`)
