import type { TopRowsNode, WindowOrderNode } from '../../src/plan/logical-node.ts'
import { windowsOf } from './aligned-windows-interpreter.ts'
import type { Run, Stage, TimeOfRows } from './row-interpreter.ts'
import { evaluate, type Row, type Value } from './scalar-interpreter.ts'

/** Keeps every row of a window until the watermark is at its last millisecond, then sorts them all and counts. */
export function windowOrderStage(node: WindowOrderNode, next: Stage): Stage {
  const windows = new Map<string, Row[]>()
  return {
    row(row) {
      // What a row is ordered by is computed when it comes, also where it turns out to be the only one.
      for (const { expression } of node.order) evaluate(expression, row)
      const bounds = `${row.windowEnd} ${row.windowStart}`
      windows.set(bounds, [...(windows.get(bounds) ?? []), row])
    },
    watermark(value) {
      const complete = [...windows]
        .filter(([, [row]]) => (row!.windowEnd as number) - 1 <= value)
        .sort(
          ([, [a]], [, [b]]) =>
            number(a!.windowEnd!) - number(b!.windowEnd!) || number(a!.windowStart!) - number(b!.windowStart!),
        )
      for (const [bounds, rows] of complete) {
        windows.delete(bounds)
        for (const row of firstOf(node, rows)) next.row(row)
      }
      next.watermark(value)
    },
  }
}

const number = (value: Value): number => value as number

/** The rows that are kept, by value of `by` in the order these came up. */
export function firstOf(
  { by, order, offset, limit, ties, rank }: Omit<WindowOrderNode, 'op'>,
  rows: readonly Row[],
): Row[] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = by.map(name => `${typeof row[name]}:${String(row[name] === 0 ? 0 : row[name])}`).join('|')
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  const compare = (a: Row, b: Row): number => {
    for (const { expression, direction } of order) {
      const [x, y] = [evaluate(expression, a), evaluate(expression, b)]
      const [hasX, hasY] = [x, y].map(value => value !== null && !Number.isNaN(value))
      if (!hasX || !hasY) {
        if (hasX !== hasY) return hasX ? -1 : 1
        continue
      }
      const way = x! < y! ? -1 : x! > y! ? 1 : 0
      if (way !== 0) return direction === 'asc' ? way : -way
    }
    return 0
  }
  return [...groups.values()].flatMap(group => {
    const sorted = [...group].sort(compare)
    // How many rows come strictly before, or simply its place.
    const before = (row: Row, at: number) =>
      ties === 'keep' ? sorted.filter(other => compare(other, row) < 0).length : at
    return sorted.flatMap((row, at) => {
      const place = before(row, at)
      if (at < offset || place >= offset + (limit ?? Number.POSITIVE_INFINITY)) return []
      return [rank === undefined ? row : { ...row, [rank]: place + 1 }]
    })
  })
}

/** Keeps every row in each of its windows that are not complete, and ranks them when they are. */
export function topRowsStage(node: TopRowsNode, time: TimeOfRows, next: Stage, result: Run): Stage {
  const { window } = node
  if (window.kind === 'global') throw new Error('global windows have models of their own')
  const ranked = windowOrderStage({ ...node, op: 'windowOrder' }, next)
  const late: Row[] = []
  if (window.lateTo !== undefined) result.branches.set(window.lateTo, late)
  let now = Number.NEGATIVE_INFINITY
  return {
    row(row) {
      const windows = windowsOf(window, time.of(row))
      const open = windows.filter(({ end }) => end - 1 > now)
      for (const { start, end } of open) ranked.row({ windowStart: start, windowEnd: end, ...row })
      if (open.length > 0 || windows.length === 0) return
      if (window.lateTo === undefined) result.late++
      else late.push({ ...row })
    },
    watermark(value) {
      now = value
      ranked.watermark(value)
    },
  }
}
