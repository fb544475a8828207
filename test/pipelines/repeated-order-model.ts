import type { Firing } from '../../src/time/lateness.ts'
import type { Row } from '../plan/scalar-interpreter.ts'

/** What an order gives of results that windows give again, firing by firing, from its rules alone. */
export function repeatedOrderModel(
  firings: readonly (readonly Row[])[],
  rules: {
    readonly firing: Firing
    readonly compare: (a: Row, b: Row) => number
    readonly limit: number
    readonly offset?: number
    readonly ties?: boolean
    readonly rank: boolean
    readonly by?: string
  },
): Row[][] {
  const { firing, compare, limit, offset = 0, ties = false, rank, by } = rules
  const told: Row[][] = []
  /** Of each window the rows by key, in the order in which the keys came, and what came out of it last. */
  const windows = new Map<string, { rows: Map<unknown, Row | undefined>; given: Row[] }>()
  for (const rows of firings) {
    const out: Row[] = []
    told.push(out)
    const changed = new Set<string>()
    for (const row of rows) {
      const bounds = `${row.windowStart} ${row.windowEnd}`
      const window = windows.get(bounds) ?? { rows: new Map(), given: [] }
      if (firing === 'discarding' && !changed.has(bounds)) window.rows.clear()
      windows.set(bounds, window)
      changed.add(bounds)
      window.rows.set(row.key, row.isRetraction === true ? undefined : row)
    }
    const byEnd = [...changed].sort(
      (a, b) => Number(a.split(' ')[1]) - Number(b.split(' ')[1]) || Number(a.split(' ')[0]) - Number(b.split(' ')[0]),
    )
    for (const bounds of byEnd) {
      const window = windows.get(bounds)!
      const all = [...window.rows.values()].filter(row => row !== undefined)
      const groups = new Map<unknown, Row[]>()
      for (const row of all) {
        const group = by === undefined ? '' : row[by]
        groups.set(group, [...(groups.get(group) ?? []), row])
      }
      const now = [...groups.values()].flatMap(group => {
        const sorted = group.map((row, i) => ({ row, i })).sort((a, b) => compare(a.row, b.row) || a.i - b.i)
        const ranked = sorted.map(({ row }, at) => {
          const better = sorted.filter(other => compare(other.row, row) < 0).length
          return { ...row, ...(rank && { place: (ties ? better : at) + 1 }) }
        })
        return ranked.filter((row, at) => {
          const isTie = ties && at >= limit && compare(ranked[limit - 1]!, row) === 0
          return at >= offset && (at < offset + limit || isTie)
        })
      })
      if (firing !== 'retracting') out.push(...now)
      else {
        const isIn = (row: Row, rows: readonly Row[]) => rows.some(each => JSON.stringify(each) === JSON.stringify(row))
        for (const row of window.given)
          if (!isIn(row, now) || replaced(row, rows)) out.push({ ...row, isRetraction: true })
        for (const row of now) if (!isIn(row, window.given) || replaced(row, rows)) out.push(row)
        window.given = now
      }
    }
  }
  return told
}

/** Whether a row was taken back in a firing, though one of equal values may have come again. */
const replaced = (row: Row, rows: readonly Row[]): boolean =>
  rows.some(
    each =>
      each.isRetraction === true &&
      each.key === row.key &&
      each.windowStart === row.windowStart &&
      each.windowEnd === row.windowEnd,
  )
