import { formatRow, formatValue } from './format-value.ts'

/** How rows are held against those expected. */
export interface Matching {
  /** Columns that an expected row doesn't name may hold anything. */
  readonly isPartial: boolean
  readonly isOrdered: boolean
}

type Row = Readonly<Record<string, unknown>>

/** What is different between the rows that came and those expected, to be read; undefined when nothing is. */
export function rowDifference(
  expected: readonly unknown[],
  came: readonly unknown[],
  matching: Matching,
): string | undefined {
  const fits = (wanted: unknown, row: unknown): boolean =>
    isRow(wanted) && isRow(row) ? columnsThatDiffer(wanted, row, matching).length === 0 : fitsValue(wanted, row)
  const [wanted, rows] = matching.isOrdered ? [expected, came] : inOrderOf(expected, came, fits)
  const shortest = Math.min(wanted.length, rows.length)
  let head = 0
  while (head < shortest && fits(wanted[head], rows[head])) head++
  if (head === wanted.length && head === rows.length) return undefined
  // What is the same at the end as well: a row too many or too few shows as that, not as a difference in all that follow.
  let tail = 0
  while (tail < shortest - head && fits(wanted.at(-1 - tail), rows.at(-1 - tail))) tail++
  const same = (row: unknown): string => `    ${formatRow(row)}`
  const lines = rows.slice(0, head).map(same)
  const [wantedEnd, rowsEnd] = [wanted.length - tail, rows.length - tail]
  for (let at = head; at < Math.max(wantedEnd, rowsEnd); at++) {
    const isWanted = at < wantedEnd
    const isThere = at < rowsEnd
    if (isWanted) lines.push(`  - ${formatRow(wanted[at])}`)
    if (isThere) lines.push(`  + ${formatRow(rows[at])}`)
    if (isWanted && isThere)
      for (const column of columnsThatDiffer(wanted[at], rows[at], matching))
        lines.push(`    row ${at}, ${columnDifference(column, wanted[at], rows[at])}`)
    else lines.push(isWanted ? `    row ${at} is missing` : `    row ${at} is not expected`)
  }
  return [...lines, ...rows.slice(rowsEnd).map(same)].join('\n')
}

/**
 * Whether two values are the same: by value, objects and lists by what they hold.
 *
 * @param isSame Compares what holds nothing.
 */
export function isSameValue(a: unknown, b: unknown, isSame: (a: unknown, b: unknown) => boolean): boolean {
  if (isSame(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Date) return a.getTime() === (b as Date).getTime()
  if (a instanceof Map || a instanceof Set) return isSameValue([...a], [...(b as typeof a)], isSame)
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every(name => Object.hasOwn(b, name) && isSameValue((a as Row)[name], (b as Row)[name], isSame))
  )
}

/** NaN is NaN, and zero is zero whatever its sign. */
const isEqual = (a: unknown, b: unknown): boolean => a === b || Object.is(a, b)

const fitsValue = (wanted: unknown, value: unknown): boolean =>
  typeof wanted === 'function' ? Boolean(wanted(value)) : isSameValue(wanted, value, isEqual)

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)

function columnsThatDiffer(wanted: unknown, row: unknown, { isPartial }: Matching): string[] {
  if (!isRow(wanted) || !isRow(row)) return []
  const names = new Set([...Object.keys(wanted), ...(isPartial ? [] : Object.keys(row))])
  return [...names].filter(
    name => !(Object.hasOwn(wanted, name) && Object.hasOwn(row, name) && fitsValue(wanted[name], row[name])),
  )
}

function columnDifference(name: string, wanted: unknown, row: unknown): string {
  const side = (of: unknown): string =>
    Object.hasOwn(of as Row, name) ? formatValue((of as Row)[name]) : 'no such column'
  return `column ${name}: expected ${side(wanted)}, came ${side(row)}`
}

/** Expected rows each beside a row that fits, as far as there is one; then what is left of both. */
function inOrderOf(
  expected: readonly unknown[],
  came: readonly unknown[],
  fits: (wanted: unknown, row: unknown) => boolean,
): [unknown[], unknown[]] {
  const left = [...came]
  const found: [unknown, unknown][] = []
  const missing: unknown[] = []
  for (const wanted of expected) {
    const at = left.findIndex(row => fits(wanted, row))
    if (at < 0) missing.push(wanted)
    else found.push([wanted, left.splice(at, 1)[0]])
  }
  return [
    [...found.map(([wanted]) => wanted), ...missing],
    [...found.map(([, row]) => row), ...left],
  ]
}
