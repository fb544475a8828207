import type { ModelResult, TimedRow } from './session-model.ts'

export interface SlidingRules {
  readonly diff: number
  readonly lateness: number
  /** Whether every row makes the windows it changes fire, and the watermark none. */
  readonly onUpdate: boolean
  /** The watermark stays this far, and one more, behind the latest time. */
  readonly outOfOrderness: number
}

interface Taken {
  readonly i: number
  readonly row: TimedRow
}

/**
 * Kafka's sliding windows as the rules say, every window worked out anew from all rows there have ever been, one row at
 * a time. A row is taken when a window that isn't closed has it; windows fire as the watermark reaches their last
 * millisecond, and again when a late row changes them or brings them about.
 */
export function modelSliding(rows: readonly TimedRow[], rules: SlidingRules): ModelResult {
  const { diff, lateness, onUpdate, outOfOrderness } = rules
  const result: ModelResult = { windows: [], late: 0 }
  const taken: Taken[] = []
  let watermark = Number.NEGATIVE_INFINITY

  const timesOf = (key: string) => taken.filter(({ row }) => row.key === key).map(({ row }) => row.time)
  const startsOf = (times: readonly number[]): Set<number> => {
    const starts = new Set<number>()
    for (const time of times) {
      starts.add(time >= 0 ? Math.max(0, time - diff) : time - diff)
      if (times.some(other => other >= time + 1 && other <= time + 1 + diff)) starts.add(time + 1)
    }
    return starts
  }
  const contentOf = (key: string, start: number) =>
    taken.filter(({ row }) => row.key === key && row.time >= start && row.time <= start + diff)
  const fire = (key: string, start: number) =>
    result.windows.push({ start, end: start + diff + 1, key, rows: contentOf(key, start).map(({ row }) => row) })

  const advance = (to: number) => {
    const before = watermark
    watermark = Math.max(watermark, to)
    const due = [...new Set(taken.map(({ row }) => row.key))].flatMap(key =>
      [...startsOf(timesOf(key))]
        .filter(start => start + diff <= watermark && start + diff > before)
        .map(start => ({ key, start, first: contentOf(key, start)[0]!.i })),
    )
    if (onUpdate) return
    for (const { key, start } of due.sort((a, b) => a.start - b.start || a.first - b.first)) fire(key, start)
  }

  rows.forEach((row, i) => {
    const before = startsOf(timesOf(row.key))
    const after = startsOf([...timesOf(row.key), row.time])
    const isOpen = (start: number) => start + diff + lateness > watermark
    const has = (start: number) => start <= row.time && row.time <= start + diff
    if (![...after].some(start => has(start) && isOpen(start))) result.late++
    else {
      taken.push({ i, row })
      const changed = [...after].filter(start => has(start) || !before.has(start))
      const again = changed.filter(start => isOpen(start) && (onUpdate || start + diff <= watermark))
      for (const start of again.sort((a, b) => a - b)) fire(row.key, start)
    }
    advance(row.time - outOfOrderness - 1)
  })
  advance(Number.POSITIVE_INFINITY)
  return result
}
