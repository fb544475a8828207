import type { Row, Value } from '../plan/scalar-interpreter.ts'
import type { Nearness, SaidAggregate } from './duckdb-aggregates.ts'

/** What the columns of a result are: window start, window end, `keys`, `aggregates`, whatever else there is. */
export interface ResultColumns {
  readonly keys: readonly string[]
  readonly aggregates: readonly SaidAggregate[]
}

const plain = (value: Value): Value => (typeof value === 'bigint' ? Number(value) : value)

/** What differs between a row of ours and one of DuckDB's, which ends in scales; undefined if nothing does. */
export function difference(
  { keys, aggregates }: ResultColumns,
  ours: Row,
  theirs: readonly Value[],
): string | undefined {
  const exact = ['windowStart', 'windowEnd', ...keys]
  const scales = theirs.slice(exact.length + aggregates.length + 1)
  const wrong = Object.values(ours).findIndex((value, i) => {
    const at = i - exact.length
    const { nearness, result } = aggregates[at] ?? { nearness: 'exact' }
    if (Array.isArray(value)) return !isSameList(value, theirs[i] as unknown as Value[])
    if (at >= 0 && result !== undefined && typeof value === 'bigint') return value !== theirs[i]
    return !isNear(nearness, plain(value), plain(theirs[i]!), Number(scales[at] ?? 0))
  })
  return wrong < 0 ? undefined : `${Object.keys(ours)[wrong]}: ${Object.values(ours)[wrong]} and ${theirs[wrong]}`
}

const isSameList = (ours: readonly Value[], theirs: readonly Value[]): boolean =>
  ours.length === theirs.length && ours.every((value, i) => plain(value) === plain(theirs[i]!))

function isNear(nearness: Nearness, ours: Value, theirs: Value, scale: number): boolean {
  if (typeof ours !== 'number' || typeof theirs !== 'number') return ours === theirs
  if (ours === theirs || (Number.isNaN(ours) && Number.isNaN(theirs))) return true
  if (nearness === 'exact') return false
  const [a, b] = nearness === 'deviation' ? [ours ** 2, theirs ** 2] : [ours, theirs]
  return Math.abs(a - b) <= 1e-9 * Math.abs(b) + 1e-13 * scale
}
